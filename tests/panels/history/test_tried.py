"""The trail of what was tried, against a plain list with a place in it."""

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from perflab.bench.registry import load_bench
from perflab.panels.history.names import Names
from perflab.panels.history.table import comparison, differing, frame_of
from perflab.panels.history.tried import MOST, REST_SECONDS, Trail

NAMES = Names.of_bench(load_bench("cache"))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class AnyOrder(RuleBasedStateMachine):
    """Settings that rest are all kept, in order, whatever undo and redo do between."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.trail = Trail(self.clock)
        self.sizes = []
        self.at = -1

    @rule(size=st.integers(1, 5))
    def rest_at(self, size):
        self.clock.now += REST_SECONDS + 1
        self.trail.predict({"max_cache_size": size}, {"hit_rate": size / 10})
        if self.at < 0 or self.sizes[self.at] != size:
            self.sizes.append(size)
            self.at = len(self.sizes) - 1

    @rule()
    def undo(self):
        found = self.trail.undo()
        if self.at > 0:
            self.at -= 1
            assert found["settings"]["max_cache_size"] == self.sizes[self.at]
        else:
            assert found is None

    @rule()
    def redo(self):
        found = self.trail.redo()
        if 0 <= self.at < len(self.sizes) - 1:
            self.at += 1
            assert found["settings"]["max_cache_size"] == self.sizes[self.at]
        else:
            assert found is None

    @rule(number=st.integers(-2, 20))
    def go(self, number):
        found = self.trail.go(number)
        assert (found is None) == (not 0 <= number < len(self.sizes))
        self.at = self.at if found is None else number

    @invariant()
    def holds_all(self):
        kept = [entry["settings"]["max_cache_size"] for entry in self.trail.entries]
        assert kept == self.sizes
        assert self.trail.place == self.at


TestAnyOrder = AnyOrder.TestCase


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def trail(clock):
    return Trail(clock)


def put(trail, *sizes):
    for size in sizes:
        trail.predict({"max_cache_size": size}, {"hit_rate": 0.5})


def sizes(trail):
    return [entry["settings"]["max_cache_size"] for entry in trail.entries]


def test_a_slider_on_its_way_leaves_where_it_began_and_where_it_came_to_rest(trail, clock):
    put(trail, 1)
    clock.now += 60
    for size in range(2, 30):
        clock.now += 0.1
        put(trail, size)
    assert sizes(trail) == [1, 29]


def test_what_a_run_measured_stays_however_quickly_settings_change(trail, clock):
    put(trail, 1)
    clock.now += 60
    put(trail, 2)
    trail.measure({"max_cache_size": 2}, {"hit_rate": 0.4}, {"hit_rate": 0.45})
    put(trail, 3)
    assert sizes(trail) == [1, 2, 3]
    assert trail.entries[1]["measured"] == {"hit_rate": 0.4}
    assert trail.entries[1]["refitted"] == {"hit_rate": 0.45}


def test_a_better_answer_for_the_same_settings_replaces_the_first(trail):
    put(trail, 1)
    trail.predict({"max_cache_size": 1}, {"hit_rate": 0.75})
    assert len(trail.entries) == 1
    assert trail.entries[0]["predicted"] == {"hit_rate": 0.75}


def test_it_does_not_grow_for_ever(trail, clock):
    for size in range(MOST + 50):
        clock.now += 10
        put(trail, size)
    assert len(trail.entries) == MOST
    assert sizes(trail)[-1] == MOST + 49
    assert trail.place == MOST - 1


def test_tables_have_what_differs(trail, clock):
    for size in (1, 2):
        clock.now += 10
        trail.predict({"max_cache_size": size, "policy": "lru"}, {"hit_rate": size / 10})
    assert differing(trail.entries) == ["max_cache_size"]
    assert list(frame_of(trail.entries)["hit_rate_predicted"]) == [0.1, 0.2]
    shown = comparison(NAMES, trail.entries)
    assert "10 %" in shown
    assert "20 %" in shown
    assert "policy" not in shown


def test_a_run_is_noted_at_settings_that_its_result_writes_otherwise():
    trail = Trail(plain=lambda settings: {key: str(value) for key, value in settings.items()})
    trail.predict({"backend": print}, {"hit_rate": 0.5})
    trail.measure({"backend": str(print)}, {"hit_rate": 0.4}, {})
    assert trail.entries[0]["measured"] == {"hit_rate": 0.4}
    assert trail.entries[0]["settings"] == {"backend": print}
    assert trail.plain[0]["settings"] == {"backend": str(print)}
