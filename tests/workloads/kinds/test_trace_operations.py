"""A trace with operations: checked, counted, cut and named like its other columns."""

from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace

KEYS = ["a", "b", "a", "a", "c"]
WORDS = ["get", "SET", "delete", "Touch", "write"]


def _trace(operations: object = WORDS, **columns: object) -> Trace:
    return Trace.from_keys(KEYS, operations=operations, **columns)


def test_names_and_codes_are_the_same() -> None:
    assert _trace().operations.tolist() == [0, 1, 3, 2, 4]
    assert _trace([0, 1, 3, 2, 4]).fingerprint == _trace().fingerprint
    assert _trace(list(map(Operation, (0, 1, 3, 2, 4)))).fingerprint == _trace().fingerprint


def test_operations_are_counted() -> None:
    assert _trace().reads == 1
    assert sum(_trace().operation_counts.values()) == len(KEYS)
    assert Trace.from_keys(KEYS).reads == len(KEYS)


def test_a_trace_without_keeps_its_fingerprint() -> None:
    plain = Trace.from_keys(KEYS)
    assert plain.operations is None
    assert plain.fingerprint == "d574abead618e35c"
    assert plain.fingerprint != _trace(["get"] * 5).fingerprint


def test_windows_cut_operations_too() -> None:
    assert _trace().window(1, 3).operations.tolist() == [1, 3]
    assert _trace().window(1, 3).compact().operations.tolist() == [1, 3]


def test_reads_alone() -> None:
    trace = _trace(["get", "set", "get", "delete", "get"], sizes=[1, 2, 3, 4, 5])
    reads = trace.reads_only()
    assert reads.operations is None
    assert [reads.key_of(key) for key in reads.ids] == ["a", "a", "c"]
    assert reads.sizes.tolist() == [1, 3, 5]
    with pytest.raises(BadInputError, match="holds no reads"):
        _trace(["set"] * 5).reads_only()


@pytest.mark.parametrize("wrong", ["zap", "", None, 5, -1, 0.5, "g et"])
def test_an_unknown_operation_names_its_row(wrong: object) -> None:
    with pytest.raises(
        BadInputError, match=r"operations\[\d\]: unknown operation .*; they are get"
    ):
        _trace(["get", "get", wrong, "get", "get"])


def test_as_many_as_there_are_requests() -> None:
    with pytest.raises(BadInputError, match="operations: has 4 values, but there are 5 requests"):
        _trace(["get"] * 4)


def test_an_endless_lifetime_needs_operations() -> None:
    lives = [np.inf, 1.0, np.nan, 2.0, 3.0]
    assert np.isinf(_trace(ttls=lives).ttls[0])
    with pytest.raises(BadInputError, match="leave it out for none"):
        Trace.from_keys(KEYS, ttls=lives)


def test_other_workloads_made_of_a_trace_say_what_they_make_of_its_operations():
    trace = Trace.from_keys([1, 2, 1, 3], times=[0, 1, 2, 3], operations=[0, 1, 0, 3])
    accesses = Accesses.of(trace)
    assert accesses.rows.tolist() == [1, 1]
    assert accesses.notes == ("2 rows that write or remove are left out: a loader reads",)
    of_cache = Arrivals.of(trace)
    assert of_cache.times.tolist() == [0, 2]
    assert of_cache.notes == ("left out: 2 other operations, a cache's own",)
    log = Trace.from_keys([1, 2, 1], times=[0, 1, 2], operations=[0, 4, 3])
    arrivals = Arrivals.of(log)
    assert len(arrivals) == 3
    assert arrivals.notes == ("2 other operations than reads come as requests too",)
    assert Accesses.of(trace.reads_only()).notes == Arrivals.of(trace.reads_only()).notes == ()


def test_writes_of_the_data_come_as_arrivals_beside_a_caches_own():
    names = ["get", "set", "write", "delete"]
    arrivals = Arrivals.of(Trace.from_keys(["a"] * 4, [0, 1, 2, 3], operations=names))
    assert arrivals.times.tolist() == [0, 2]
    with pytest.raises(BadInputError, match="holds no reads"):
        Arrivals.of(Trace.from_keys(["a"], [0], operations=["set"]))
