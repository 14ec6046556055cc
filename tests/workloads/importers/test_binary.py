from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace

TRACES = os.environ.get("PERFLAB_TRACES")
DTYPES = {"int32le": "<i4", "int32be": ">i4", "int64le": "<i8", "int64be": ">i8"}


@pytest.mark.parametrize("kind", DTYPES)
def test_keys_are_read_in_their_width_and_byte_order(kind, write):
    keys = np.array([5, -1, 2**31 - 1, 5])
    trace = read_trace(write("k.trace", keys.astype(DTYPES[kind]).tobytes()), format=kind)
    assert trace.keys.tolist() == [5, -1, 2**31 - 1]
    assert trace.ids.tolist() == [0, 1, 2, 0]


def test_packed_keys_are_unpacked(packer, write):
    suffix, pack = packer
    path = write(f"k.trace{suffix}", pack(np.arange(100, dtype=">i4").tobytes()))
    trace = read_trace(path, format="int32be")
    assert trace.keys.tolist() == list(range(100))
    assert trace.name == "k"


def test_a_length_that_is_no_multiple_of_the_width_is_refused(write):
    path = write("k.trace", bytes(10))
    with pytest.raises(BadInputError, match="10 bytes are not a multiple of 4") as caught:
        read_trace(path, format="int32be")
    assert caught.value.place == str(path)


def test_binary_keys_without_a_named_format_say_how_to_name_it(packer, write):
    content = np.arange(1, 50, dtype=">i4").tobytes()
    for path in (write("k.trace", content), write(f"k.trace{packer[0]}", packer[1](content))):
        with pytest.raises(BadInputError, match="--format int32be") as caught:
            read_trace(path)
        assert caught.value.place == str(path)


@pytest.mark.skipif(not TRACES, reason="PERFLAB_TRACES names no folder of real traces")
@pytest.mark.parametrize(
    ("name", "requests", "keys"),
    [("web07", 76_118, 20_484), ("web12", 95_607, 13_756), ("orm-busy", 5_000_000, 76_349)],
)
def test_real_traces_have_the_requests_and_keys_that_are_known(name, requests, keys):
    path = Path(TRACES or "") / f"cache2k_{name}.trace.xz"
    trace = read_trace(path, format="int32be")
    assert (len(trace), trace.n_keys) == (requests, keys)
    assert trace.name == f"cache2k_{name}"
    with pytest.raises(BadInputError, match="--format int32be"):
        read_trace(path)


def test_keys_that_no_block_has_are_named(write):
    few = np.array([1, 2, -5, 2**60, 1])
    trace = read_trace(write("k", few.astype("<i8").tobytes()), format="int64le")
    assert any("2 of 4 keys are negative or beyond 2^48" in note for note in trace.notes)
    assert not read_trace(write("k", abs(few[:3]).astype("<i4").tobytes()), format="int32le").notes


def test_records_of_another_format_are_told_from_keys(write):
    # As block traces are recorded: serial number, length, address and microseconds.
    rng = np.random.default_rng(0)
    count = 500
    rows = np.stack(
        [np.arange(count), rng.integers(1, 99, count), rng.integers(0, 10**6, count)], axis=1
    )
    trace = read_trace(write("k", rows.astype("<i8").tobytes()), format="int64le")
    assert any("every 3rd number rises steadily" in note for note in trace.notes)


@pytest.mark.parametrize("kind", ["zipf", "scan", "loop", "one key"])
def test_keys_alone_are_not_taken_for_records(kind, write):
    rng = np.random.default_rng(0)
    keys = {
        "zipf": rng.zipf(1.3, 5_000) % 1000,
        "scan": np.arange(5_000),
        "loop": np.arange(5_000) % 40,
        "one key": np.ones(5_000),
    }[kind]
    notes = read_trace(write("k", keys.astype("<i8").tobytes()), format="int64le").notes
    assert not [note for note in notes if "number rises" in note or "keys" in note]


def test_records_across_blocks_are_read_whole(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.source.BLOCK_BYTES", 7)
    keys = np.array([3, 1, 3, 2**40])
    path = write("k", keys.astype(">i8").tobytes())
    assert read_trace(path, format="int64be").keys.tolist() == [3, 1, 2**40]
    with pytest.raises(BadInputError, match="31 bytes are not a multiple of 8"):
        read_trace(write("k", path.read_bytes()[:-1]), format="int64be")


def oracle(rows):
    return b"".join(struct.pack("<IQIq", *row) for row in rows)


def test_next_accesses_that_point_ahead_are_right(write):
    rows = [(1, 7, 5, 3), (2, 8, 5, -1), (3, 7, 5, 4), (4, 7, 5, -1)]
    assert len(read_trace(write("a", oracle(rows)), format="oracle")) == 4


def test_next_accesses_that_point_back_are_refused(write):
    rows = [(place, 7, 5, 40 - place) for place in range(60)]
    path = write("a", oracle(rows))
    assert len(read_trace(write("b", oracle(rows[:20])), format="oracle")) == 20
    with pytest.raises(BadInputError, match="lies before its own record") as caught:
        read_trace(path, format="oracle")
    assert caught.value.place == f"{path}: record 21"
