from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import trust_parquet
from perflab.workloads import Trace, read_trace, save_workload, write_trace
from perflab.workloads.storage import open_trace

TEXTS = Trace.from_keys(
    list("abcab"),
    times=[0, 1, 1, 2.5, 9],
    sizes=[5, 0, 3, 2, 1],
    ttls=[1, np.nan, 3, np.nan, 5],
    name="letters",
    source="letters.csv",
    notes=("1 of 6 lines skipped",),
)
TEXTS = dataclasses.replace(
    TEXTS, options={"format": "csv", "columns": {"key": "letter"}}, check=False
)
NUMBERS = Trace.from_keys([70, -3, 70, 2**62])
BARE = Trace("bare", np.array([0, 1, 0, 2]), 3)


def without_options(text):
    description = json.loads(text)
    del description["options"]
    return json.dumps(description)


def by_parquet(trace, folder):
    write_trace(trace, folder / "t.parquet")
    return read_trace(folder / "t.parquet")


def by_folder(trace, folder):
    save_workload(trace, folder / "t")
    return open_trace(folder / "t")


@pytest.mark.parametrize("through", [by_parquet, by_folder])
@pytest.mark.parametrize("trace", [TEXTS, NUMBERS, BARE], ids=["texts", "numbers", "bare"])
def test_what_is_written_is_read_back(trace, through, tmp_path):
    again = through(trace, tmp_path)
    assert again.fingerprint == trace.fingerprint
    assert (again.name, again.n_keys, again.notes) == (trace.name, trace.n_keys, trace.notes)
    known = range(trace.n_keys)
    assert [again.key_of(i) for i in known] == [trace.key_of(i) for i in known]
    for name in ("ids", "times", "sizes", "ttls"):
        before, after = getattr(trace, name), getattr(again, name)
        assert (before is None) == (after is None)
        if before is not None:
            np.testing.assert_array_equal(before, after)
            assert before.dtype == after.dtype
    assert (again.keys is None) == (trace.keys is None)
    if trace.source:
        assert again.source == trace.source
        assert again.options == trace.options


def test_the_stored_fingerprint_is_that_of_the_content(tmp_path):
    opened = by_folder(TEXTS, tmp_path)
    del opened.__dict__["fingerprint"]
    assert opened.fingerprint == TEXTS.fingerprint


@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_a_description_from_before_there_were_options_is_read(form, tmp_path):
    if form == "folder":
        save_workload(TEXTS, tmp_path / "t")
        described = tmp_path / "t" / "trace.json"
        described.write_text(without_options(described.read_text()))
        again = open_trace(tmp_path / "t")
    else:
        write_trace(TEXTS, tmp_path / "t.parquet")
        table = pq.read_table(tmp_path / "t.parquet")
        said = without_options(table.schema.metadata[b"perflab.trace"])
        pq.write_table(
            table.replace_schema_metadata({"perflab.trace": said}), tmp_path / "t.parquet"
        )
        again = read_trace(tmp_path / "t.parquet")
    assert (again.source, again.options) == ("letters.csv", {})


def test_an_opened_trace_is_mapped_and_not_read(tmp_path):
    ids = by_folder(TEXTS, tmp_path).ids
    while ids.base is not None and not isinstance(ids, np.memmap):
        ids = ids.base
    assert isinstance(ids, np.memmap)
    assert ids.mode == "r"


def test_a_stored_window_is_numbered_anew(tmp_path):
    window = TEXTS.window(2, 5)
    again = by_parquet(window, tmp_path)
    assert again.fingerprint == window.compact().fingerprint
    assert [again.key_of(i) for i in again.ids] == ["c", "a", "b"]
    assert by_folder(window, tmp_path).ids.tolist() == [2, 0, 1]


def test_other_tools_read_the_parquet_file(tmp_path):
    write_trace(TEXTS, tmp_path / "t.parquet")
    frame = pd.read_parquet(tmp_path / "t.parquet")
    assert list(frame.columns) == ["key", "time", "size", "ttl"]
    assert list(frame["key"]) == list("abcab")
    assert frame["size"].tolist() == [5, 0, 3, 2, 1]


def test_a_file_that_another_tool_has_filtered_is_read_for_what_it_now_is(tmp_path):
    write_trace(TEXTS, tmp_path / "t.parquet")
    table = pq.read_table(tmp_path / "t.parquet").slice(2)
    assert b"perflab.trace" in table.schema.metadata
    pq.write_table(table, tmp_path / "filtered.parquet")
    trace = read_trace(tmp_path / "filtered.parquet")
    assert [trace.key_of(i) for i in trace.ids] == ["c", "a", "b"]
    assert trace.name == "filtered"
    assert trace.n_keys == 3
    assert trace.notes == ("its rows were changed after perflab wrote it",)


@pytest.mark.parametrize("description", [b"not json", b"[]", b"{}", b'{"format_version": 1}'])
def test_a_description_that_is_damaged_is_left_out(description, tmp_path):
    table = pa.table({"key": ["a", "b"]}).replace_schema_metadata({"perflab.trace": description})
    pq.write_table(table, tmp_path / "t.parquet")
    assert read_trace(tmp_path / "t.parquet").name == "t"


def test_a_file_of_a_later_version_is_refused(tmp_path):
    described = {"perflab.trace": b'{"format_version": 99}'}
    table = pa.table({"key": ["a"]}).replace_schema_metadata(described)
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(BadInputError, match="newer perflab"):
        read_trace(tmp_path / "t.parquet")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    write_trace(TEXTS, path)
    before = path.read_bytes()

    def fill_the_disk(table, where, **options):
        where.write_bytes(b"PAR1 half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("perflab.workloads.storage.parquet.pq.write_table", fill_the_disk)
    with pytest.raises(BadInputError, match="No space left on device") as caught:
        write_trace(NUMBERS, path)
    assert caught.value.place == str(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]


def test_a_file_with_a_wrong_byte_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    write_trace(Trace.from_keys(np.arange(5_000) % 999), path)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="cut off or damaged"):
        read_trace(path)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "t.parquet").mkdir()
    with pytest.raises(BadInputError, match="is a folder"):
        write_trace(TEXTS, tmp_path / "t.parquet")


def test_a_trace_folder_is_replaced_and_any_other_is_not(tmp_path):
    save_workload(TEXTS, tmp_path / "t")
    save_workload(NUMBERS, tmp_path / "t")
    assert open_trace(tmp_path / "t").fingerprint == NUMBERS.fingerprint
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BadInputError, match="holds something else"):
        save_workload(TEXTS, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_folder_that_fails_to_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    save_workload(TEXTS, tmp_path / "t")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("perflab.workloads.storage.folder.np.save", fail)
    with pytest.raises(BadInputError, match="No space left"):
        save_workload(NUMBERS, tmp_path / "t")
    assert open_trace(tmp_path / "t").fingerprint == TEXTS.fingerprint
    assert [each.name for each in tmp_path.iterdir()] == ["t"]


@pytest.mark.parametrize("damage", ["missing", "no description", "no ids", "not json", "later"])
def test_a_folder_that_is_no_trace_is_refused(damage, tmp_path):
    folder = tmp_path / "t"
    save_workload(TEXTS, folder)
    if damage == "missing":
        folder = tmp_path / "elsewhere"
    elif damage == "no description":
        (folder / "trace.json").unlink()
    elif damage == "no ids":
        (folder / "ids.npy").write_bytes(b"")
    elif damage == "not json":
        (folder / "trace.json").write_text("{")
    else:
        (folder / "trace.json").write_text('{"format_version": 99}')
    with pytest.raises(BadInputError) as caught:
        open_trace(folder)
    assert caught.value.place == str(folder)


def test_a_trace_travels_by_pickle(tmp_path):
    for trace in (TEXTS, by_folder(TEXTS, tmp_path)):
        again = pickle.loads(pickle.dumps(trace))
        assert again.fingerprint == TEXTS.fingerprint
        assert again.key_of(2) == "c"


def test_a_parquet_file_names_itself_as_its_source_when_it_has_none(tmp_path):
    write_trace(NUMBERS, tmp_path / "n.parquet")
    assert read_trace(tmp_path / "n.parquet").source == str(tmp_path / "n.parquet")


def described_as(path, change, without=()):
    """Write a file of perflab's with another description."""
    write_trace(TEXTS, path)
    table = pq.read_table(path)
    said = {**json.loads(table.schema.metadata[b"perflab.trace"]), **change}
    text = json.dumps({name: value for name, value in said.items() if name not in without})
    pq.write_table(table.replace_schema_metadata({"perflab.trace": text}), path)
    trust_parquet(path)


LIES = [
    *(
        {"sample_rate": rate}
        for rate in (0, -1, np.nan, np.inf, "x", 1e-300, 1.01, None, [1], True)
    ),
    *({"all_requests": number} for number in (-1, 2, "x", 2.5, 1e300, 2**63, [])),
    *({"notes": notes} for notes in (5, [1, {}], "x", None, [["x"]])),
    *({"options": options} for options in (5, "x", [1], {"a": {"b": {"c": 1}}})),
    *({"keys": keys} for keys in (None, "x", 5)),
    *({"n_keys": number} for number in (0, -1, 2**31, "3", 1.5, None)),
    *({"name": name} for name in (None, 5, [])),
    *({"source": source} for source in (None, 5, {})),
    *({"format_version": version} for version in (0, -1, 4, 1.5, "1", None, np.inf)),
]


@pytest.mark.parametrize("change", LIES, ids=str)
def test_a_description_that_lies_is_refused(change, tmp_path):
    described_as(tmp_path / "t.parquet", change)
    with pytest.raises(BadInputError) as caught:
        read_trace(tmp_path / "t.parquet")
    assert caught.value.place.startswith(str(tmp_path / "t.parquet"))


@pytest.mark.parametrize("name", ["name", "source", "notes", "keys", "n_keys", "format_version"])
def test_a_description_without_a_field_is_refused(name, tmp_path):
    described_as(tmp_path / "t.parquet", {}, [name])
    with pytest.raises(BadInputError, match="is damaged"):
        read_trace(tmp_path / "t.parquet")


def test_a_description_that_is_left_out_is_said_to_be(tmp_path):
    table = pa.table({"key": ["a", "b"]}).replace_schema_metadata({"perflab.trace": "{"})
    pq.write_table(table, tmp_path / "t.parquet")
    assert "is damaged and left out" in read_trace(tmp_path / "t.parquet").notes[0]


def test_times_that_do_not_fit_are_refused_with_their_row(tmp_path):
    times = pa.array([1, 2**61], pa.timestamp("ms"))
    pq.write_table(pa.table({"key": ["a", "b"], "time": times}), tmp_path / "t.parquet")
    with pytest.raises(BadInputError, match=r"row 2: the time is out of range"):
        read_trace(tmp_path / "t.parquet")


@pytest.mark.parametrize("wrong", [0, -0.5, 1.5, np.nan])
def test_a_trace_of_an_impossible_share_is_refused(wrong):
    with pytest.raises(BadInputError, match="not a share of the keys"):
        Trace("t", np.array([0, 1]), 2, sample_rate=wrong)


def test_sizes_that_overflow_when_added_are_refused():
    with pytest.raises(BadInputError, match="add up to more"):
        Trace.from_keys(["a", "b"], sizes=[2**62, 2**62])
