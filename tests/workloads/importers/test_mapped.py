import lzma
import mmap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.kernels import GrowingIds, dense_ids
from perflab.workloads import read_trace, write_trace
from perflab.workloads.importers import mapped, parquet
from perflab.workloads.kinds.trace import Trace


@pytest.fixture
def small_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(parquet, "outgrows_memory", lambda *_: True)
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def written(tmp_path):
    def write(columns):
        pq.write_table(pa.table(columns), tmp_path / "t.parquet", row_group_size=1000)
        return tmp_path / "t.parquet"

    return write


def is_mapped(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 20)), max_size=6))
def test_blocks_are_numbered_as_the_whole(blocks):
    growing = GrowingIds()
    ids = [growing.add(np.array(block, np.int64)) for block in blocks]
    whole, unique = dense_ids(np.array([key for block in blocks for key in block], np.int64))
    assert np.concatenate([np.zeros(0, np.int32), *ids]).tolist() == whole.tolist()
    assert growing.unique().tolist() == unique.tolist()


def test_a_table_that_has_grown_still_knows_its_keys():
    keys = np.random.default_rng(1).integers(0, 2**62, 200_000)
    growing = GrowingIds()
    first = growing.add(keys)
    assert len(growing) == len(np.unique(keys))
    assert np.array_equal(growing.add(keys[::-1]), first[::-1])


def test_numbers_from_disk_are_those_in_memory(written, small_memory, tmp_path, monkeypatch):
    draw = np.random.default_rng(2)
    path = written(
        {
            "key": draw.integers(0, 500, 5000) * 10**15,
            "time": np.cumsum(draw.random(5000)),
            "size": draw.integers(1, 9, 5000),
            "ttl": np.where(draw.random(5000) < 0.5, np.nan, 3.0),
        }
    )
    trace = read_trace(path)
    assert all(is_mapped(each) for each in (trace.ids, trace.times, trace.sizes, trace.ttls))
    assert not any((tmp_path / "cache").iterdir())
    monkeypatch.setattr(parquet, "outgrows_memory", lambda *_: False)
    plain = read_trace(path)
    assert trace.fingerprint == plain.fingerprint
    assert trace.keys.tolist() == plain.keys.tolist()
    assert trace.notes == plain.notes


@pytest.mark.parametrize("dictionary", [False, True])
def test_texts_become_hashes_and_it_is_said(written, small_memory, dictionary):
    texts = pa.array([f"user:{number % 37}" for number in range(3000)])
    path = written({"key": texts.dictionary_encode() if dictionary else texts})
    trace = read_trace(path)
    assert trace.ids.tolist() == [number % 37 for number in range(3000)]
    assert len(set(trace.keys.tolist())) == 37
    assert any("64-bit hashes" in note for note in trace.notes)


def test_rows_without_a_key_are_skipped_and_counted(written, small_memory):
    trace = read_trace(written({"key": pa.array([1, None, 2, 1]), "size": [1, 2, 3, 4]}))
    assert trace.ids.tolist() == [0, 1, 0]
    assert trace.sizes.tolist() == [1, 3, 4]
    assert trace.notes == ("1 of 4 rows skipped: no key",)


def test_a_wrong_value_is_named_by_its_row(written, small_memory):
    with pytest.raises(BadInputError, match="row 3"):
        read_trace(written({"key": [1, 2, 3], "time": [1.0, 2.0, 1.5]}))


def test_what_perflab_wrote_comes_back_with_its_name(small_memory, tmp_path):
    trace = Trace.from_keys([5, 6, 5], times=[1, 2, 3], name="mine")
    write_trace(trace, tmp_path / "mine.parquet")
    again = read_trace(tmp_path / "mine.parquet")
    assert (again.name, again.fingerprint) == ("mine", trace.fingerprint)


def test_a_folder_that_cannot_hold_it_is_named(written, small_memory, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    with pytest.raises(BadInputError, match="PERFLAB_CACHE_DIR names another"):
        read_trace(written({"key": [1, 2, 3]}))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_said(monkeypatch):
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - closed below
    monkeypatch.setattr(mapped.tempfile, "TemporaryFile", lambda **_: full)
    column = mapped.MappedColumn(np.int64, "t.parquet")
    with full, pytest.raises(BadInputError, match="cannot hold it"):
        column.append(np.zeros(10, np.int64))


def test_more_than_half_of_the_free_memory_outgrows_it():
    assert not mapped.outgrows_memory(1000, 3)
    assert mapped.outgrows_memory(10**12, 0)


def test_a_real_trace_is_the_same_from_disk(traces, written, small_memory):
    raw = lzma.decompress((traces / "cache2k_web12.trace.xz").read_bytes())
    keys = np.frombuffer(raw, ">i4").astype(np.int64)
    assert read_trace(written({"key": keys})).fingerprint == Trace.from_keys(keys).fingerprint
