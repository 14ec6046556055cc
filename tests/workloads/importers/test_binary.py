from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from perflab.settings import BadInputError
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
    with pytest.raises(BadInputError, match="10 bytes are no multiple of 4") as caught:
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
