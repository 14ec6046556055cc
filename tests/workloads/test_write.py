"""`write_trace`: what it writes is read back, and no file that is not perflab's is lost."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import perflab
from perflab.errors import BadInputError

TRACE = perflab.Trace.from_keys(
    ["a", 'b,"c', "=d", "NA"], [0.1, 2.5, 1e9, 1e9 + 0.123456], [1, 2, 3, 2**40], [1, np.nan, 0, 2]
)
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1)
KEYS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30),
    st.lists(TEXT.filter(lambda key: key.strip()), min_size=1, max_size=30),
)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    perflab.write_trace(TRACE, path)
    again = perflab.read_trace(path)
    assert again.fingerprint == TRACE.fingerprint
    assert [again.key_of(key) for key in again.ids] == [TRACE.key_of(key) for key in TRACE.ids]


@given(keys=KEYS, data=st.data())
def test_a_csv_holds_every_request(tmp_path_factory, keys, data):
    gaps = st.lists(st.floats(0, 1e6), min_size=len(keys), max_size=len(keys))
    times = data.draw(st.none() | gaps.map(np.cumsum))
    path = tmp_path_factory.mktemp("t") / "t.csv"
    trace = perflab.Trace.from_keys(keys, times)
    perflab.write_trace(trace, path)
    again = perflab.read_trace(path, "csv")
    assert again.fingerprint == trace.fingerprint
    assert [str(again.key_of(key)) for key in again.ids] == [str(key) for key in keys]


def test_a_window_has_ids_of_its_own(tmp_path):
    perflab.write_trace(TRACE.window(2, 4), tmp_path / "t.csv")
    assert perflab.read_trace(tmp_path / "t.csv").ids.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["t", "t.txt", "t.csv.gz", "t.parket"])
def test_a_name_that_ends_otherwise_is_refused(tmp_path, name):
    with pytest.raises(BadInputError, match=r"end it with \.parquet or \.csv"):
        perflab.write_trace(TRACE, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_file_that_was_read_is_not_written(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    perflab.write_trace(TRACE, path)
    before = path.read_bytes()
    with pytest.raises(BadInputError, match="is the input itself"):
        perflab.write_trace(perflab.read_trace(path), path, force=True)
    assert path.read_bytes() == before


def test_a_csv_that_is_there_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("mine\n")
    with pytest.raises(BadInputError, match="force=True"):
        perflab.write_trace(TRACE, path)
    assert path.read_text() == "mine\n"
    perflab.write_trace(TRACE, path, force=True)
    assert perflab.read_trace(path).fingerprint == TRACE.fingerprint


def test_a_sample_is_not_written_as_if_it_were_all(tmp_path):
    part = dataclasses.replace(TRACE, sample_rate=0.01)
    with pytest.raises(BadInputError, match=r"1 % of the keys; write a \.parquet file"):
        perflab.write_trace(part, tmp_path / "t.csv")
    perflab.write_trace(part, tmp_path / "t.parquet")
    assert perflab.read_trace(tmp_path / "t.parquet").sample_rate == 0.01


@pytest.mark.parametrize("key", ["", " ", "two\nlines", "a\rb", "a\0b"])
def test_a_key_that_a_csv_cannot_hold_is_refused(tmp_path, key):
    with pytest.raises(BadInputError, match="a CSV cannot hold the key"):
        perflab.write_trace(perflab.Trace.from_keys(["a", key]), tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())


def test_many_rows_are_written_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.workloads.storage.csv.BATCH_ROWS", 7)
    trace = perflab.load_workload("zipf:skew=0.9,keys=20,requests=100")
    perflab.write_trace(trace, tmp_path / "t.csv")
    assert perflab.read_trace(tmp_path / "t.csv").fingerprint == trace.fingerprint
