from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers import parquet_batches


@pytest.fixture
def table(tmp_path):
    def write_table(columns, **options):
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table(columns), path, **options)
        return path

    return write_table


def test_columns_are_found_by_name(table, keys_of):
    columns = {
        "note": [1, 2, 3],
        "key": ["a", "b", "a"],
        "time": [1, 2.5, 3],
        "size": [4, 5, 6],
        "ttl": [1.0, None, 2.0],
    }
    trace = read_trace(table(columns))
    assert keys_of(trace) == ["a", "b", "a"]
    assert trace.times.tolist() == [1, 2.5, 3]
    assert trace.sizes.tolist() == [4, 5, 6]
    np.testing.assert_array_equal(trace.ttls, [1, np.nan, 2])
    assert trace.notes == ("columns not used: note", "times: read as s, relative")


def test_columns_can_be_named(table, keys_of):
    path = table({"a.b": ["x", "y"], "when": [1, 2]})
    trace = read_trace(path, columns={"key": "a.b", "time": "when"})
    assert keys_of(trace) == ["x", "y"]


@pytest.mark.parametrize(
    "keys",
    [
        pa.array(["a", "b", "a"]),
        pa.array(["a", "b", "a"], pa.large_string()),
        pa.array([b"a", b"b", b"a"]),
        pa.array(["z", "a", "b", "a"]).dictionary_encode().slice(1),
    ],
)
def test_texts_of_any_type_are_keys(keys, table, keys_of):
    trace = read_trace(table({"key": keys}))
    assert keys_of(trace) == ["a", "b", "a"]
    assert trace.n_keys == 2


def test_dictionaries_of_several_row_groups_are_numbered_as_one(table, keys_of):
    keys = list("abcabdaefgbbazc") * 3
    columns = {"key": pa.array(keys).dictionary_encode()}
    assert keys_of(read_trace(table(columns, row_group_size=4))) == keys
    assert keys_of(read_trace(table({"key": keys}, row_group_size=4))) == keys


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint32(), pa.int64(), pa.uint64()])
def test_whole_numbers_of_any_width_are_keys(kind, table):
    trace = read_trace(table({"key": pa.array([7, 3, 7], kind)}))
    assert trace.keys.tolist() == [7, 3]
    assert trace.ids.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([1_000, 2_500], pa.timestamp("ms")),
        pa.array([1_000_000_000, 2_500_000_001], pa.timestamp("ns", "Europe/Berlin")),
        pa.array(["1970-01-01T00:00:01Z", "1970-01-01T00:00:02.5Z"]),
        pa.array([1, 2.5], pa.float32()),
    ],
)
def test_times_are_seconds_timestamps_or_texts(times, table):
    trace = read_trace(table({"key": [1, 2], "time": times}))
    assert trace.times.tolist() == pytest.approx([1.0, 2.5], abs=1e-6)


def test_dates_are_midnights(table):
    days = [dt.date(1970, 1, 2), dt.date(1970, 1, 3)]
    assert read_trace(table({"key": [1, 2], "time": days})).times.tolist() == [86_400, 172_800]


def test_rows_without_a_key_are_skipped_and_counted(table, keys_of):
    columns = {"key": ["a", None, "b"], "size": [1, None, 3]}
    trace = read_trace(table(columns))
    assert keys_of(trace) == ["a", "b"]
    assert trace.sizes.tolist() == [1, 3]
    assert trace.notes == ("1 of 3 rows skipped: no key",)


@pytest.mark.parametrize(
    ("columns", "place", "words"),
    [
        ({"key": [1, None, 2], "time": [1, 1, -1]}, ": row 3", "the time -1 is negative"),
        ({"key": [1, 2], "time": [2, 1]}, ": row 2", "sort the rows by time"),
        ({"key": [1, 2], "size": [1, 1.5]}, ": row 2", "not a whole number of bytes"),
        ({"key": [1, 2], "size": [[1], [2]]}, ": row 1", "not a number"),
        ({"key": [1, 2], "ttl": [1, -2]}, ": row 2", "the TTL -2 is negative"),
        ({"key": ["a", "b"], "time": ["1", "x"]}, ": row 2", "'x' is neither"),
        ({"word": ["a"]}, "", "it has: word"),
        ({"key": [1.5]}, "", "whole numbers or texts, not double"),
        ({"key": [[1]]}, "", "whole numbers or texts, not list"),
        ({"key": pa.array([], pa.string())}, "", "has no rows"),
        ({"key": pa.array([None], pa.string())}, "", "no row has a key"),
        ({"key": pa.array([2**63], pa.uint64())}, "", "above 2^63 - 1"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(columns, place, words, table):
    path = table(columns)
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}{place}"
    assert words in caught.value.message


@pytest.mark.parametrize("damage", ["cut", "overwritten", "only magic", "text", "packed"])
def test_a_damaged_file_is_refused(damage, table, tmp_path, packer):
    path = table({"key": np.arange(10_000)}, compression="zstd", write_page_checksum=True)
    content = path.read_bytes()
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "overwritten":
        content = content[:100] + bytes(1_000) + content[1_100:]
    elif damage == "only magic":
        content = b"PAR1"
    elif damage == "text":
        content = b"key\n1\n"
    else:
        content = packer[1](content)
    path.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == str(path)
    assert "\n" not in str(caught.value)


@pytest.fixture
def every_group_is_large(monkeypatch):
    monkeypatch.setattr(parquet_batches, "LARGE_GROUP_BYTES", 0)
    monkeypatch.setattr(parquet_batches, "_PIECE_ROWS", 700)


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.uint32(), pa.string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_one_group_of_rows_in_pieces_is_the_trace_of_many_groups(kind, table, request):
    draw = np.random.default_rng(1)
    numbers = draw.integers(0, 999, 5_000)
    keys = pa.array([None if n == 7 else n for n in numbers.tolist()], pa.int64())
    texts = pa.array([None if n == 7 else f"k{n}" for n in numbers.tolist()])
    columns = {
        "a.b": keys.cast(kind) if kind in (pa.int64(), pa.uint32()) else texts.cast(kind),
        "other": draw.random(5_000),
        "time": np.arange(5_000) / 3,
        "size": draw.integers(1, 99, 5_000),
    }
    many = read_trace(table(columns, row_group_size=300), columns={"key": "a.b", "time": "time"})
    request.getfixturevalue("every_group_is_large")
    path = table(columns, row_group_size=5_000)
    assert pq.read_metadata(path).num_row_groups == 1
    done = []
    one = read_trace(
        path, columns={"key": "a.b", "time": "time"}, progress=lambda part, _: done.append(part)
    )
    assert one.fingerprint == many.fingerprint
    assert list(one.keys) == list(many.keys)
    assert one.notes == many.notes
    assert "skipped: no key" in one.notes[0]
    assert len(done) >= 7


def test_a_template_is_filled_from_pieces_too(table, keys_of, every_group_is_large):
    path = table({"host": ["a", "b", "a"], "number": [1, 2, 1], "time": [1, 2, 3]})
    assert keys_of(read_trace(path, columns={"key": "{host}/{number}"})) == ["a/1", "b/2", "a/1"]


def test_a_damaged_page_is_named_when_read_in_pieces(table, every_group_is_large):
    rows = np.random.default_rng(2).integers(0, 1 << 40, 20_000)
    path = table({"key": rows}, use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadInputError, match="cut off or damaged"):
        read_trace(path)


def test_two_columns_of_a_name_are_refused_in_pieces_as_elsewhere(tmp_path, every_group_is_large):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([[1, 2], [3, 4]], names=["key", "key"]), path)
    with pytest.raises(BadInputError):
        read_trace(path)
