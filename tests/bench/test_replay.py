"""What is done at each row of a trace that holds more than reads."""

from __future__ import annotations

import math

import pytest

from perflab.bench.replay import Replay, check_writes, played, replay_of
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

ROWS = ["get", "set", "touch", "delete", "write"]


def rows_of(operations, writes="recorded", loads=(), **columns):
    trace = Trace.from_keys(["a"] * len(operations), operations=operations, **columns)
    replay = Replay(trace, LoadSettings(writes=writes, ttl_from=columns.pop("from_", "recorded")))
    rows = []
    for index in range(len(trace)):
        rows.append(replay.at(index))
        if index in loads:
            replay.note_load(0)
    return rows


@pytest.mark.parametrize(
    ("writes", "done"),
    [
        ("recorded", "get set touch delete delete"),
        ("through", "get set touch delete set"),
        ("invalidate", "get delete touch delete delete"),
    ],
)
def test_what_writes_do(writes, done):
    rows = rows_of(ROWS, writes)
    assert [row.operation.name.lower() for row in rows] == done.split()


@pytest.mark.parametrize("writes", ["recorded", "invalidate"])
def test_a_set_right_after_a_load_fills(writes):
    names = ["get", "set", "get", "set", "get", "touch", "set"]
    rows = rows_of(names, writes, loads=(0, 4))
    assert [row.fills for row in rows] == [False, True, False, False, False, False, False]
    other = Operation.SET if writes == "recorded" else Operation.DELETE
    assert [row.operation for row in rows if row.operation.name in ("SET", "DELETE")] == [
        Operation.SET,
        other,
        other,
    ]
    assert rows[1].inserts == (writes == "recorded")


def test_a_write_of_the_data_that_acts_as_set_fills_too():
    assert rows_of(["get", "write"], "through", loads=(0,))[1].fills
    assert not rows_of(["get", "write"], "recorded", loads=(0,))[1].fills


def test_a_key_is_loaded_with_what_was_written_last():
    rows = rows_of(
        ["get", "set", "delete", "get", "touch", "get"],
        sizes=[1, 2, 3, 4, 5, 6],
        ttls=[1, math.inf, 3, 4, 5, 6],
    )
    assert [row.size for row in rows] == [1, 2, 2, 2, 2, 2]
    assert [row.ttl for row in rows] == [1, math.inf, math.inf, math.inf, 5, 5]


def test_a_lifetime_that_is_written_as_none_is_the_settings():
    rows = rows_of(["set", "get"], ttls=[math.nan, 4])
    assert [row.ttl for row in rows] == [None, None]


def test_the_settings_ttl_counts_for_all_where_it_is_to():
    trace = Trace.from_keys(list("aa"), ttls=[1, 2], operations=["set", "touch"])
    replay = Replay(trace, LoadSettings(ttl_from="setting"))
    assert [replay.at(index).ttl for index in (0, 1)] == [None, None]
    replay.change(LoadSettings())
    assert replay.at(0).ttl == 1


def test_a_second_pass_knows_what_the_first_wrote():
    trace = Trace.from_keys(list("ab"), sizes=[1, 9], operations=["get", "set"])
    again = Trace.from_keys(list("aa"), sizes=[1, 9], operations=["get", "set"])
    for each, size in ((trace, 1), (again, 9)):
        replay = Replay(each, LoadSettings())
        replay.at(0)
        replay.at(1)
        assert replay.at(0).size == size


def test_a_trace_of_gets_alone_is_played_as_it_is():
    trace = Trace.from_keys(list("ab"))
    load = LoadSettings(writes="ignore")
    assert played(trace, load) is trace
    assert replay_of(trace, load) is None
    check_writes(trace, LoadSettings(), load)


def test_writes_that_are_ignored_are_not_played():
    trace = Trace.from_keys(
        list("abc"), operations=["get", "set", "get"], source="it", times=[0, 1, 2]
    )
    assert played(trace, LoadSettings()) is trace
    reads = played(trace, LoadSettings(writes="ignore"))
    assert reads.operations is None
    assert reads.times.tolist() == [0, 2]
    assert reads.source == "it"
    check_writes(trace, LoadSettings(), LoadSettings(writes="through"))
    with pytest.raises(BadInputError, match="writes: cannot change to or from ignore"):
        check_writes(trace, LoadSettings(), LoadSettings(writes="ignore"))


@pytest.mark.parametrize("writes", ["recorded", "ignore"])
def test_a_trace_of_writes_alone_cannot_be_run(writes):
    trace = Trace.from_keys(list("ab"), operations=["set", "delete"], name="my.csv")
    with pytest.raises(BadInputError, match=r"my\.csv: holds no reads, only writes and removals"):
        played(trace, LoadSettings(writes=writes))


def test_a_run_without_writes_says_how_many_it_leaves_out():
    trace = Trace.from_keys(["a"] * 3, operations=["get", "set", "get"])
    (said,) = played(trace, LoadSettings(writes="ignore")).notes
    assert said.startswith(
        "writes ignore: reads alone are replayed; rates are of the 2 reads, not the 1 other"
    )
