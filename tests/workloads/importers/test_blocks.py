from __future__ import annotations

import struct

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace


def test_arc_rows_are_as_many_requests_as_blocks(write, keys_of):
    trace = read_trace(write("P1.lis", "100 3 0 0\n101 1 0 1\n7 0 0 2\n5 99999999 0 3\n8 1 0 4\n"))
    assert keys_of(trace) == [100, 101, 102, 101, 8]
    assert trace.notes[0].startswith("2 of 5 lines skipped; first: line 3: '7 0 0 2'")


def test_spc_requests_are_the_pages_that_are_touched(write, keys_of):
    content = "0,7,512,r,0.5\n0,7,1024,W,0.75\n2,16,4096,R,1.25,extra\n0,8,0,r,2\n"
    trace = read_trace(write("a.spc", content))
    assert keys_of(trace) == [0, 0, 1, (2 << 48) + 2, 1]
    assert trace.times.tolist() == [0.5, 0.75, 0.75, 1.25, 2]


def test_msr_times_are_seconds_since_the_epoch(write, keys_of):
    lines = [
        "128166372003061629,usr,0,Read,8191,2,41286",
        "128166372013061629,usr,1,Write,0,4096,1",
        "100000000000000000,usr,1,Write,0,4096,1",
    ]
    trace = read_trace(write("usr.csv", "\n".join(lines)))
    assert keys_of(trace) == [1, 2, 1 << 48]
    assert np.diff(trace.times).tolist() == pytest.approx([0, 1], abs=1e-5)
    assert trace.times[0] == pytest.approx(1_172_163_600.306, abs=1e-3)
    assert trace.notes[0].startswith("1 of 3 lines skipped; first: line 3")


def test_oracle_objects_and_sizes_are_unsigned(write, keys_of):
    records = [(1, 5, 2**32 - 1, 9), (1, 2**63 + 1, 0, -1), (2, 5, 3, -1)]
    content = b"".join(struct.pack("<IQIq", *record) for record in records)
    trace = read_trace(write("w.oracleGeneral", content))
    assert keys_of(trace) == [5, -(2**63) + 1, 5]
    assert trace.sizes.tolist() == [2**32 - 1, 0, 3]


def test_an_oracle_trace_that_is_cut_off_or_none_is_refused(write):
    good = struct.pack("<IQIq", 9, 5, 1, -1) + struct.pack("<IQIq", 8, 5, 1, -1)
    with pytest.raises(BadInputError, match="record 2: the time runs backwards"):
        read_trace(write("a.bin", good), format="oracle")
    with pytest.raises(BadInputError, match="not a multiple of 24"):
        read_trace(write("b.bin", good[:-1]), format="oracle")


def test_an_oracle_trace_as_libcachesim_reads_it(write):
    libcachesim = pytest.importorskip("libcachesim")
    rng = np.random.default_rng(0)
    dtype = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
    records = np.zeros(1_000, dtype)
    records["time"] = np.sort(rng.integers(0, 500, 1_000))
    records["key"] = rng.integers(1, 50, 1_000)
    records["size"], records["next"] = 10, -1
    path = write("w.oracleGeneral.bin", records.tobytes())
    kind = libcachesim.TraceType.ORACLE_GENERAL_TRACE
    theirs = [
        (r.clock_time, r.obj_id, r.obj_size) for r in libcachesim.TraceReader(str(path), kind)
    ]
    ours = read_trace(path)
    keys = [ours.key_of(key) for key in ours.ids]
    # Their reader counts time from the first request.
    times = (ours.times - ours.times[0]).astype(int).tolist()
    assert list(zip(times, keys, ours.sizes.tolist(), strict=True)) == [
        (time - theirs[0][0], key, size) for time, key, size in theirs
    ]
