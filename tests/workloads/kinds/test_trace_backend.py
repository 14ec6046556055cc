"""Traces with the backend's own times: checked, cut and kept beside the requests."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import Trace, read_trace, write_trace
from perflab.workloads.storage import open_trace, save_trace

TIMES = [0.1, np.nan, 0.3, 0.0, np.nan, 2.5]


def trace(**more):
    return Trace.from_keys(list("abacab"), range(6), backend_seconds=TIMES, **more)


def same(found, wanted):
    assert np.array_equal(found.backend_seconds, wanted.backend_seconds, equal_nan=True)
    assert found.backend_seconds.dtype == np.float64
    assert found.fingerprint == wanted.fingerprint


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.1, -1.0], "negative"),
        ([0.1, np.inf], "not a number of seconds"),
        ([0.1, "soon"], "not a number"),
        ([0.1], "has 1 values, but there are 2 requests"),
    ],
)
def test_times_that_cannot_be_are_refused(values, said):
    with pytest.raises(BadInputError, match=said) as caught:
        Trace.from_keys(["a", "b"], backend_seconds=values)
    assert caught.value.place.startswith("backend_seconds")


def test_none_is_a_time_that_is_not_known():
    found = Trace.from_keys(["a", "b"], backend_seconds=[None, 0.5])
    assert np.isnan(found.backend_seconds[0])
    assert found.backend_seconds[1] == 0.5


def test_times_go_with_their_requests():
    assert trace().window(2, 4).backend_seconds.tolist() == [0.3, 0.0]
    assert trace().prefix(1).backend_seconds.tolist() == [0.1]
    late = trace().window(3, 6).compact()
    assert np.array_equal(late.backend_seconds, TIMES[3:], equal_nan=True)
    reads = trace(operations=[0, 0, 1, 0, 2, 0]).reads_only()
    assert np.array_equal(reads.backend_seconds, [0.1, np.nan, 0.0, 2.5], equal_nan=True)


def test_reads_without_times_have_none():
    written = Trace.from_keys(["a", "b"], operations=[0, 1], backend_seconds=[np.nan, 0.5])
    assert written.reads_only().backend_seconds is None


def test_they_count_in_the_fingerprint_where_they_are():
    plain = Trace.from_keys(list("abacab"), range(6))
    assert trace().fingerprint != plain.fingerprint
    assert dataclasses.replace(trace(), backend_seconds=None).fingerprint == plain.fingerprint


@pytest.mark.parametrize("operations", [None, [0, 0, 1, 0, 2, 0]])
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ""])
def test_times_are_read_back(suffix, operations, tmp_path):
    wanted = trace(operations=operations)
    path = tmp_path / f"t{suffix}"
    if suffix:
        write_trace(wanted, path)
        found = read_trace(path)
    else:
        save_trace(wanted, path)
        found = open_trace(path)
    same(found, wanted)
    assert found.notes == (("times: read as s, relative",) if suffix == ".csv" else ())


def test_earlier_versions_refuse_what_they_do_not_know(tmp_path):
    save_trace(trace(), tmp_path / "new")
    save_trace(Trace.from_keys(["a"]), tmp_path / "old")
    versions = [
        json.loads((tmp_path / name / "trace.json").read_text())["format_version"]
        for name in ("old", "new")
    ]
    assert versions == [1, 3]


def test_damaged_times_are_refused(tmp_path):
    save_trace(trace(), tmp_path / "t")
    np.save(tmp_path / "t" / "backend_seconds.npy", np.full(6, -1.0))
    with pytest.raises(BadInputError, match="damaged"):
        open_trace(tmp_path / "t")
