"""Keys of recorded calls and mappings: told apart as functions and mappings tell them apart."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import gc
import os
import typing

import cachetools
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import perflab
from perflab import read_trace
from perflab.errors import BadInputError
from perflab.patterns.cache import Cache
from perflab.workloads.recording.places import (
    UNKEYED,
    call_key,
    call_place,
    mapping_key,
    mapping_place,
)


class Thing:
    def __init__(self, number):
        self.number = number

    def ask(self, what):
        return self.number, what


class Same:
    """All objects are equal, and their repr is no value."""

    def __eq__(self, other):
        return isinstance(other, Same)

    def __hash__(self):
        return 1

    def __repr__(self):
        raise RuntimeError("a repr may raise")


class Slotted:
    __slots__ = ()


class Shade(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    RED = "red"


class Point(typing.NamedTuple):
    x: int
    y: int


@dataclasses.dataclass(frozen=True)
class User:
    name: str
    token: str = dataclasses.field(default="", repr=False)


def keys_of(folder):
    return len(read_trace(folder).keys)


def arrays():
    for number in range(100):
        values = np.zeros(3000)
        values[1500] = number % 20
        yield values


MIDDAY = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
CALLS = {
    "kinds": ((1, "1", b"1", True, "True", None, "None", (1, 2), "(1, 2)", 1.0, [1], {1}), 12),
    "arrays": (tuple(arrays()), 20),
    "shapes and types": (
        (np.zeros(4), np.zeros((2, 2)), np.zeros(4, np.int64), np.zeros(4, np.float32)),
        4,
    ),
    "numbers of numpy": ((np.float64(1), np.int64(1), np.float32(1), np.bool_(True), 1, 1.0), 6),
    "dataclasses": ((User("a", "x"), User("a", "y"), User("a", "x"), ("a", "x")), 3),
    "large numbers": ((10**5000, 10**5000 + 1, -(10**5000)), 3),
    "dicts": (({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}, {"a": (1,)}), 3),
    "texts": (("a", "\ud800", "\udc80", "é", ""), 5),
}


@pytest.mark.parametrize("kind", CALLS)
def test_arguments_that_differ_are_keys_that_differ(kind, tmp_path):
    values, right = CALLS[kind]
    recorded = perflab.record(lambda value: 1, tmp_path / "r")
    for value in (*values, *values):
        recorded(value)
    assert recorded.recording.stop()["unkeyed"] == 0
    assert keys_of(tmp_path / "r") == right
    assert len(read_trace(tmp_path / "r")) == 2 * len(values)


def test_arguments_are_parted_and_named_ones_have_no_order(tmp_path):
    recorded = perflab.record(lambda *args, **kwargs: 1, tmp_path / "r")
    calls = [
        *(((1, 2), {}), (((1, 2),), {}), ((1,), {"a": 2}), ((), {"a": 1, "b": 2}), ((), {})),
        *(
            ((), {"a": "1, b=2"}),
            ((), {"a=1, b": 2}),
            ((1, 2.0), {}),
            ((True, 2), {}),
            (("1", 2), {}),
        ),
        *(((None,), {}), (([1], 2), {}), (((1,), 2), {})),
    ]
    for args, kwargs in calls:
        recorded(*args, **kwargs)
    recorded(b=2, a=1)
    recorded.recording.stop()
    assert keys_of(tmp_path / "r") == len(calls)


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "lru_cache"])
def test_objects_are_told_apart_as_lru_cache_does(wrapped, tmp_path):
    plain = functools.lru_cache(maxsize=None)(Thing.ask)
    recorded = perflab.record(plain if wrapped else Thing.ask, tmp_path / "r")
    things = [Thing(number) for number in range(5)]
    for number in range(300):
        assert recorded(things[number % 5], number % 3) == plain(things[number % 5], number % 3)
    assert recorded.recording.stop()["unkeyed"] == 0
    assert keys_of(tmp_path / "r") == plain.cache_info().currsize == 15


def test_no_object_takes_the_key_of_one_that_ended(tmp_path):
    recorded = perflab.record(Thing.ask, tmp_path / "r")
    for number in range(300):
        recorded(Thing(number), "x")
        gc.collect(0)
    recorded.recording.stop()
    assert keys_of(tmp_path / "r") == 300


@pytest.mark.parametrize(
    "value",
    [
        Same(),
        Slotted(),
        [Same()],
        {"a": (1, Same())},
        pd.DataFrame({"x": [1]}),
        np.array([object()]),
        np.zeros(1 << 18),
        np.ma.masked_array([1, 2]),
        iter([1]).__reduce__,
    ],
    ids=["equal", "slots", "in a list", "deep", "frame", "objects", "large", "masked", "method"],
)
def test_a_call_without_a_key_passes_through_and_is_counted(value, tmp_path):
    recorded = perflab.record(lambda value, more=0: value, tmp_path / "r")
    assert recorded("plain") == "plain"
    assert recorded(value) is value
    assert recorded(1, more=value) == 1
    stats = recorded.recording.stop()
    assert (stats["rows"], stats["unkeyed"], stats["requests"]) == (1, 2, 1)
    first, *_ = read_trace(tmp_path / "r").notes
    assert "with no key (unkeyed)" in first
    assert "<lambda> 2; pass key=" in first


def test_calls_that_have_no_key_at_all_are_told_of(tmp_path):
    recorded = perflab.record(lambda value: 1, tmp_path / "r", sample=0.5)
    for _ in range(7):
        recorded(Same())
    recorded.recording.flush()
    with pytest.raises(BadInputError, match="no key could be made for 7 calls; pass key="):
        read_trace(tmp_path / "r")
    recorded.recording.stop()


def test_nothing_of_the_users_reaches_the_caller(tmp_path):
    def fails(*_):
        raise RuntimeError("of the recording's functions")

    def info():
        raise RuntimeError("of cache_info")

    def plain(value):
        return value

    plain.cache_info = info
    recorded = perflab.record(plain, tmp_path / "r", key=fails)
    assert recorded("a") == "a"
    assert recorded.recording.stop()["unkeyed"] == 1
    for number, size in enumerate(
        [fails, str, lambda _: -1, lambda _: 1 << 70, lambda _: np.int64(5)]
    ):
        recorded = perflab.record(plain, tmp_path / f"s{number}", size=size)
        assert recorded("a") == "a"
        mapping = perflab.record({}, tmp_path / f"m{number}", size=size)
        mapping["a"] = 1
        assert mapping["a"] == 1
        assert mapping.recording.stop()["failure"] is None
        assert recorded.recording.stop()["rows"] == 1
        assert (read_trace(tmp_path / f"s{number}").sizes is not None) == (number == 4)


async def test_awaited_calls_without_a_key_pass_through(tmp_path):
    async def ask(value):
        await asyncio.sleep(0)
        return value

    recorded = perflab.record(functools.partial(ask), tmp_path / "r")
    same = Same()
    assert await recorded(same) is same
    assert await recorded("a") == "a"
    assert recorded.recording.stop()["unkeyed"] == 1
    assert len(read_trace(tmp_path / "r")) == 1


EQUAL = [
    [
        1,
        1.0,
        True,
        np.int64(1),
        np.float64(1),
        decimal.Decimal("1.00"),
        fractions.Fraction(1),
        1 + 0j,
    ],
    [Shade.RED, np.bool_(True)],
    ["red", Word.RED, np.str_("red")],
    [(1, 2), Point(1, 2), (True, 2.0), (np.int64(1), Shade.RED + 1)],
    [0.5, decimal.Decimal("0.5"), fractions.Fraction(1, 2)],
    [0, False, 0.0, -0.0],
    [frozenset([1, 2]), frozenset([2.0, True])],
    [MIDDAY, MIDDAY.astimezone(dt.timezone(dt.timedelta(hours=2)))],
    [b"1"],
    ["1"],
    [None],
    [float("inf")],
    [(1, (2.0, "a")), (True, (2, Word("red").replace("red", "a")))],
]


def test_a_mapping_has_one_key_exactly_where_its_own_are_equal(tmp_path):
    groups = [[*EQUAL[0], *EQUAL[1]], *EQUAL[2:]]
    cache = perflab.record({}, tmp_path / "r")
    for group in groups:
        for key in group:
            cache.get(key)
            cache[key] = 1
            assert group[0] in cache
    assert cache.recording.stop()["unkeyed"] == 0
    assert keys_of(tmp_path / "r") == len(cache) == len(groups)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
hashable = st.recursive(
    plain | st.decimals(allow_nan=False) | st.fractions(),
    lambda inner: st.tuples(inner) | st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)


@given(one=hashable, other=hashable)
def test_keys_of_a_mapping_are_equal_where_values_are(one, other):
    if "nan" not in repr((one, other)):  # which equals itself within a tuple, and not alone
        assert (mapping_key(one) == mapping_key(other)) == (one == other)
    if type(one) is type(other):
        assert (
            (call_key((one,), {}) == call_key((other,), {}))
            or one != other
            or repr(one) != repr(other)
        )


def test_a_mapping_of_objects_is_told_apart_by_them(tmp_path):
    cache = perflab.record(cachetools.LRUCache(100), tmp_path / "r")
    things = [Thing(number) for number in range(9)]
    for thing in things * 3:
        if cache.get(thing) is None:
            cache[thing] = thing.number
    stats = cache.recording.stop()
    assert keys_of(tmp_path / "r") == 9
    assert stats["unkeyed"] == 0


def test_a_mapping_without_a_key_does_as_before_and_is_counted(tmp_path):
    cache = perflab.record({}, tmp_path / "r")
    same = Same()
    assert cache.get(same) is None
    assert same not in cache
    cache[same] = 5
    assert cache[same] == cache.get(same) == cache.setdefault(same, 6) == 5
    assert same in cache
    with pytest.raises(TypeError):
        cache.get([])
    cache.get("a")
    assert cache.recording.stop()["unkeyed"] == 5
    assert "dict 5" in read_trace(tmp_path / "r").notes[0]


@pytest.mark.parametrize("place", [call_place, mapping_place])
def test_what_has_no_place_is_in_no_sample(place, tmp_path):
    bad = Same() if place is mapping_place else (Same(),)
    said = place(bad) if place is mapping_place else place(bad, {})
    assert said == (b"", UNKEYED)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_objects_of_a_forked_process_have_keys_of_their_own():
    thing = Thing(1)
    before = call_key((thing,), {})
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, call_key((thing,), {}) + b"\n" + call_key((Thing(2),), {}))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        old, new = pipe.read().split(b"\n")
    assert os.waitpid(child, 0)[1] == 0
    assert len({before, old, new, call_key((Thing(3),), {})}) == 4


def test_a_cache_is_recorded_as_the_decorator_that_it_is(tmp_path):
    cache = Cache(max_cache_size=100)
    recorded = perflab.record(cache, tmp_path / "r")
    calls = []

    @recorded
    def double(number):
        calls.append(number)
        return 2 * number

    @recorded.memoize(ttl=60)
    def triple(number):
        return 3 * number

    @recorded.memoize(key=lambda number: f"n{number}")
    def half(number):
        return number / 2

    @recorded
    async def later(number):
        await asyncio.sleep(0)
        return number

    assert [double(number) for number in (1, 2, 1)] == [2, 4, 2]
    assert calls == [1, 2]
    assert triple(1) == triple(1) == 3
    assert half(8) == half(8) == 4
    assert asyncio.run(later(7)) == 7
    double.forget(1)
    double(1)
    assert calls == [1, 2, 1]
    assert (double.__name__, double.cache_info().misses) == ("double", cache.stats()["misses"])
    stats = recorded.recording.stop()
    assert (stats["rows"], stats["requests"]) == (10, 9)  # one was forgotten
    hits = [note for note in read_trace(tmp_path / "r").notes if "hit 33.3 %" in note]
    assert hits


async def test_awaited_loads_of_our_own_cache_are_recorded(tmp_path):
    recorded = perflab.record(Cache(max_cache_size=2), tmp_path / "r")

    async def load(key):
        await asyncio.sleep(0)
        return key.upper()

    asked = ["a", "b", "a", "c", "b"]
    assert [await recorded.aget_or_load(key, load) for key in asked] == ["A", "B", "A", "C", "B"]
    recorded.put("d", b"1234")
    stats = recorded.recording.stop()
    assert (stats["rows"], stats["requests"]) == (6, 5)
    assert any("hit 20 %" in note for note in read_trace(tmp_path / "r").notes)
