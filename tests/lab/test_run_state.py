"""States, settings and alerts of a run: what two threads do at once, at every step."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from perflab.bench import load_bench
from perflab.lab.alerts import AlertWatch, parse_alert
from perflab.lab.rows import Rows
from perflab.lab.run_state import RunState
from perflab.lab.snapshot import Snapshot
from tests.helpers.interleaved import between_steps

STATES = "perflab.lab.run_state"


def steered(state, before, after):
    sent = []
    state.steer(before, after, lambda: sent.append(after))
    return sent


def noted(found, rows):
    found.append(rows.values)


@pytest.mark.parametrize("last", ["ended", "failed"])
@pytest.mark.parametrize(("before", "after"), [("running", "paused"), ("paused", "running")])
def test_a_run_that_is_over_stays_so_whenever_it_is_paused_or_resumed(last, before, after):
    for step in itertools.count():
        state = RunState()
        state.begin()
        if before == "paused":
            assert steered(state, "running", "paused") == ["paused"]

        end = state.end if last == "ended" else partial(state.fail, "no", mistake=False)
        if not between_steps(partial(steered, state, before, after), end, STATES, step):
            break
        assert state.now == last, step
    assert step > 3


def test_the_child_is_told_in_the_order_in_which_the_state_turns():
    for step in itertools.count():
        state, sent = RunState(), []
        state.begin()
        pause = partial(state.steer, "running", "paused", partial(sent.append, "paused"))
        resume = partial(state.steer, "paused", "running", partial(sent.append, "running"))
        if not between_steps(pause, resume, STATES, step):
            break
        assert (sent or ["running"])[-1] == state.now, step
    assert step > 3


def test_what_is_not_running_is_not_paused():
    state = RunState()
    assert steered(state, "running", "paused") == []
    assert state.now == "starting"
    state.fail("gone", mistake=True)
    state.begin()
    assert (state.now, state.failure) == ("failed", ("gone", True))


def test_settings_are_known_whenever_the_child_confirms_them():
    bench = load_bench("cache")
    trace = bench.workload_for(bench.read({})[0], "zipf:keys=10,requests=100")
    old, load = bench.read({"max_cache_size": 5})
    new, other = bench.read({"max_cache_size": 7, "request_rate": 10})
    for step in itertools.count():
        rows = Rows(bench, trace, old, load, bench.shipped_costs, AlertWatch())
        rows.next_settings(new, other)
        found = []
        confirm = partial(rows.add, Snapshot(1.0, 5, 0.0, {}, {}, mark="change"), 0)
        ask = partial(noted, found, rows)
        if not between_steps(ask, confirm, "perflab.lab.rows", step):
            break
        assert (found[0]["max_cache_size"], found[0]["request_rate"]) == (7, 10), step
    assert step > 1


def test_an_alert_that_is_removed_while_a_row_is_looked_at_is_forgotten():
    alert = parse_alert("hit_rate<0.5")
    for step in itertools.count():
        watch = AlertWatch((alert,))
        look = partial(watch.look, 1.0, {"hit_rate": 0.1})
        if not between_steps(look, partial(watch.remove, alert.text), "perflab.lab.alerts", step):
            break
        watch.add(alert)
        assert [each["fired"] for each in watch.report()] == [False], step
    assert step > 3
