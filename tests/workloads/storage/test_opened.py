from __future__ import annotations

import json
import os

import numpy as np
import pyarrow as pa
import pytest

import perflab
from perflab.errors import BadInputError
from perflab.patterns.prefetching.items import Items
from perflab.patterns.streaming.table_file import TableFile
from perflab.workloads import Trace, kind_of, save_workload
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.storage import open_trace
from perflab.workloads.storage import opened as opened_folder

TRACE = Trace.from_keys(
    list("abcab"), [0, 1, 1, 2.5, 9], [5, 0, 3, 2, 1], [1, np.nan, 3, np.nan, 5]
)
ARRIVALS = Arrivals("a", np.array([0.0, 1.0, 5.0]), np.array([0.5, np.nan, 0.1]))
ACCESSES = Accesses("r", np.array([0, 5, 3]), 9)


@pytest.fixture
def as_large(monkeypatch):
    """Check a folder as a large one, whose content is not compared with its fingerprint."""
    monkeypatch.setattr(opened_folder, "VERIFIED_BYTES", -1)


def changed(folder, column, index, value):
    values = np.load(folder / f"{column}.npy")
    values[index] = value
    np.save(folder / f"{column}.npy", values)


def described(folder, file, **change):
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ids", 3),
        ("ids", 2**31 - 1),
        ("ids", -1),
        ("times", np.nan),
        ("times", np.inf),
        ("times", -1.0),
        ("times", 8.0),
        ("sizes", -1),
        ("sizes", 2**63 - 1),
        ("ttls", -1.0),
        ("ttls", np.inf),
    ],
)
def test_a_wrong_value_in_a_trace_is_refused(column, value, tmp_path, as_large):
    save_workload(TRACE, tmp_path / "t")
    changed(tmp_path / "t", column, 1, value)
    with pytest.raises(BadInputError) as caught:
        perflab.predict("cache", open_trace(tmp_path / "t"), {"max_cache_size": 2})
    assert str(tmp_path / "t") in str(caught.value) or "add up" in caught.value.message


@pytest.mark.parametrize(
    ("made", "column", "value"),
    [
        (ARRIVALS, "times", np.nan),
        (ARRIVALS, "times", 7.0),
        (ARRIVALS, "durations", -0.1),
        (ARRIVALS, "durations", np.inf),
        (ACCESSES, "rows", 9),
        (ACCESSES, "rows", -1),
    ],
)
def test_a_wrong_value_in_others_is_refused(made, column, value, tmp_path, as_large):
    save_workload(made, tmp_path / "t")
    changed(tmp_path / "t", column, 1, value)
    with pytest.raises(BadInputError, match="is damaged"):
        kind_of(made).open(tmp_path / "t")


@pytest.mark.parametrize("column", ["ids", "times", "sizes", "ttls"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda values: values[:-1],
        lambda values: values[:0],
        lambda values: values.reshape(1, -1),
        lambda values: values.astype(np.float32),
        lambda values: values.astype(values.dtype.newbyteorder()),
        lambda values: np.array([{}] * len(values), object),
        lambda values: np.array(5),
    ],
    ids=["short", "empty", "two rows", "float32", "byte order", "objects", "one value"],
)
def test_another_array_in_its_place_is_refused(column, damage, tmp_path, as_large):
    save_workload(TRACE, tmp_path / "t")
    path = tmp_path / "t" / f"{column}.npy"
    np.save(path, damage(np.load(path)), allow_pickle=True)
    with pytest.raises(BadInputError) as caught:
        open_trace(tmp_path / "t")
    assert caught.value.place == str(tmp_path / "t")


@pytest.mark.parametrize("file", ["ids.npy", "times.npy", "keys.arrow", "trace.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "a folder", "zeros", "text"])
def test_a_damaged_file_of_a_trace_is_refused(file, damage, tmp_path):
    save_workload(TRACE, tmp_path / "t")
    path = tmp_path / "t" / file
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[: -len(content) // 3])
    elif damage == "a folder":
        path.mkdir()
    elif damage == "zeros":
        path.write_bytes(b"\0" * len(content))
    elif damage == "text":
        path.write_text("not this")
    with pytest.raises(BadInputError) as caught:
        open_trace(tmp_path / "t")
    assert caught.value.place == str(tmp_path / "t")


@pytest.mark.parametrize(
    "change",
    [
        {"n_keys": 0},
        {"n_keys": -3},
        {"n_keys": "3"},
        {"n_keys": 2.5},
        {"n_keys": 2**31},
        {"n_keys": True},
        {"n_keys": 10**400},
        {"sample_rate": 0},
        {"sample_rate": -1},
        {"sample_rate": 1.5},
        {"sample_rate": 1e-300},
        {"sample_rate": None},
        {"all_requests": 3},
        {"all_requests": -1},
        {"all_requests": 2**63},
        {"all_requests": "x"},
        {"keys": "integers"},
        {"keys": "others"},
        {"columns": 5},
        {"columns": []},
        {"columns": ["ids", "passwd"]},
        {"columns": ["ids", "../../x"]},
        {"notes": "x"},
        {"notes": [5]},
        {"options": [1]},
        {"name": None},
        {"fingerprint": 5},
        {"fingerprint": "0" * 16},
        {"format_version": 0},
        {"format_version": "1"},
        {"format_version": None},
        {"format_version": 4},
    ],
    ids=str,
)
def test_a_description_that_lies_is_refused(change, tmp_path):
    save_workload(TRACE, tmp_path / "t")
    described(tmp_path / "t", "trace.json", **change)
    with pytest.raises(BadInputError) as caught:
        open_trace(tmp_path / "t")
    assert caught.value.place == str(tmp_path / "t")


def test_a_later_version_says_to_update(tmp_path):
    for made, file in (
        (TRACE, "trace.json"),
        (ARRIVALS, "arrivals.json"),
        (ACCESSES, "accesses.json"),
        (Items("i", 3), "items.json"),
        (TableFile("t", "/t", 9, 2, True, ("a",), "", "0"), "table.json"),
    ):
        folder = tmp_path / file
        save_workload(made, folder)
        described(folder, file, format_version=99)
        with pytest.raises(BadInputError, match=r"newer perflab \(format 99\); update"):
            kind_of(made).open(folder)


@pytest.mark.parametrize(
    ("made", "file", "change"),
    [
        (Items("i", 3), "items.json", {"count": -1}),
        (Items("i", 3), "items.json", {"count": 1e30}),
        (Items("i", 3), "items.json", {"paths": [5]}),
        (Items("i", 3), "items.json", {"paths": None}),
        (TableFile("t", "/t", 9, 2, True, ("a",), "", "0"), "table.json", {"rows": 0}),
        (TableFile("t", "/t", 9, 2, True, ("a",), "", "0"), "table.json", {"rows": "x"}),
        (TableFile("t", "/t", 9, 2, True, ("a",), "", "0"), "table.json", {"columns": {}}),
        (TableFile("t", "/t", 9, 2, True, ("a",), "", "0"), "table.json", {"path": None}),
        (ACCESSES, "accesses.json", {"n_rows": 10**18}),
        (ACCESSES, "accesses.json", {"n_rows": 3}),
    ],
)
def test_items_tables_and_accesses_that_lie_are_refused(made, file, change, tmp_path):
    save_workload(made, tmp_path / "t")
    described(tmp_path / "t", file, **change)
    with pytest.raises(BadInputError):
        kind_of(made).open(tmp_path / "t")


def test_a_small_folder_that_was_changed_is_refused(tmp_path):
    save_workload(TRACE, tmp_path / "t")
    changed(tmp_path / "t", "ids", 4, 0)
    with pytest.raises(BadInputError, match="changed or damaged"):
        open_trace(tmp_path / "t")


def test_the_fingerprint_of_a_large_folder_is_computed(tmp_path, as_large):
    save_workload(TRACE, tmp_path / "t")
    described(tmp_path / "t", "trace.json", fingerprint="0" * 16)
    assert open_trace(tmp_path / "t").fingerprint == TRACE.fingerprint


def test_keys_whose_offsets_lie_are_refused(tmp_path):
    save_workload(TRACE, tmp_path / "t")
    lying = np.array([0, 1, 2**40, 3], np.int64)
    keys = pa.Array.from_buffers(
        pa.large_string(), 3, [None, pa.py_buffer(lying), pa.py_buffer(b"abc")]
    )
    with pa.OSFile(str(tmp_path / "t" / "keys.arrow"), "wb") as sink:
        batch = pa.RecordBatch.from_arrays([keys], names=["key"])
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
    with pytest.raises(BadInputError, match=r"keys\.arrow is damaged"):
        open_trace(tmp_path / "t")


def test_names_of_files_that_are_not_utf8_stay_as_they_are(tmp_path):
    save_workload(Items("i", 2, ("a\udcff", "b")), tmp_path / "t")
    assert Items.open(tmp_path / "t").paths == ("a\udcff", "b")


@pytest.mark.parametrize("n_keys", [2**31 - 1, 1 << 30, (1 << 24) + 1])
def test_a_number_of_keys_that_lies_is_refused(tmp_path, n_keys):
    save_workload(Trace(name="t", ids=np.arange(5, dtype=np.int32), n_keys=5), tmp_path / "t")
    described(tmp_path / "t", "trace.json", n_keys=n_keys)
    with pytest.raises(BadInputError, match="lists none"):
        open_trace(tmp_path / "t")


def test_few_requests_for_very_many_keys_are_saved_with_those_alone(tmp_path):
    ids = np.array([7, 70_000_000, 7, 3], np.int32)
    save_workload(Trace(name="t", ids=ids, n_keys=70_000_001), tmp_path / "t")
    again = open_trace(tmp_path / "t")
    assert again.n_keys == 3
    assert [again.key_of(int(one)) for one in again.ids] == [7, 70_000_000, 7, 3]


@pytest.mark.parametrize("name", ["keys.arrow", "ids.npy", "trace.json"])
def test_a_pipe_in_the_folder_is_refused_at_once(name, tmp_path):
    save_workload(TRACE, tmp_path / "t")
    (tmp_path / "t" / name).unlink()
    os.mkfifo(tmp_path / "t" / name)
    with pytest.raises(BadInputError):
        open_trace(tmp_path / "t")
