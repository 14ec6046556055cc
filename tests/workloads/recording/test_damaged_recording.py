from __future__ import annotations

import json
import os
import random
import struct
import zlib

import pyarrow as pa
import pytest
from recordings import (
    HEAD,
    describe,
    parquet_table,
    write_body,
    write_parquet_part,
    write_part,
)

from perflab.errors import BadInputError
from perflab.workloads import read_trace

ROWS = [(n % 5 << 31 | 7, 1e9 + n, True, n % 2 > 0, n, None) for n in range(20)]
TABLE = parquet_table(ROWS)


@pytest.fixture
def folder(tmp_path):
    """Return a recording of two parts, the first of which may be damaged."""
    for number in (0, 1):
        write_part(tmp_path / "r", number, ROWS)
    return tmp_path / "r"


@pytest.fixture
def old_folder(tmp_path):
    """Return a recording with one part of today's and, to be written, one of perflab 0.1.0."""
    write_part(tmp_path / "old", 0, ROWS)
    return tmp_path / "old"


LIES = [
    *({"limit": limit} for limit in (0, -1, 2**33, 1.5, "x", None, True, 1e400)),
    *({"version": version} for version in (None, "x", -1, 1.5, [])),
]


@pytest.mark.parametrize("said", LIES, ids=str)
def test_a_part_that_lies_is_left_out_and_counted(said, folder, old_folder):
    describe(min(folder.iterdir()), lambda before: before | said)
    write_parquet_part(old_folder, 0, TABLE, said)
    for each in (folder, old_folder):
        trace = read_trace(each)
        assert len(trace) == 20
        assert trace.sample_rate == 1.0
        assert "1 of 2 parts, damaged" in trace.notes[0]


@pytest.mark.parametrize(
    "said",
    [
        *({"rows": rows} for rows in (19, 21, -1, 1 << 40, None, "20", True)),
        *({"keys_held": held} for held in (4, 6, 21, -5, None)),
        *({"bytes": sizes} for sizes in ([], [1] * 7, None, "1234567", [-1] * 7, {})),
    ],
    ids=str,
)
def test_a_part_that_lies_about_its_columns_is_left_out(said, folder):
    describe(min(folder.iterdir()), lambda before: before | said)
    assert "1 of 2 parts, damaged" in read_trace(folder).notes[0]


@pytest.mark.parametrize("said", [[], 7, None, "text"], ids=str)
def test_a_part_that_describes_nothing_is_left_out(said, folder):
    describe(min(folder.iterdir()), lambda before: said)
    assert "1 of 2 parts, damaged" in read_trace(folder).notes[0]


def column(number, content):
    """Return a change of a part: another content of one of its columns."""

    def change(path):
        body = path.read_bytes()[HEAD.size :]
        (length,) = struct.unpack_from("<I", body)
        said, data = json.loads(body[4 : 4 + length]), body[4 + length :]
        columns = []
        for size in said["bytes"]:
            columns.append(data[:size])
            data = data[size:]
        columns[number] = content
        said["bytes"] = [len(each) for each in columns]
        text = json.dumps(said).encode()
        write_body(path, struct.pack("<I", len(text)) + text + b"".join(columns))

    return change


@pytest.mark.parametrize(
    "change",
    [
        column(1, zlib.compress(bytes([5] * 20) + bytes(60))),
        column(3, zlib.compress(bytes([13] * 20))),
        column(4, zlib.compress(bytes([3] * 20))),
        column(3, zlib.compress(bytes(21))),
        column(3, zlib.compress(bytes(1 << 20))),
        column(3, zlib.compress(bytes(20)) + b"more"),
        column(3, zlib.compress(bytes(20))[:-2]),
        column(3, b"no stream"),
    ],
    ids=["key", "code", "hit", "more rows", "many rows", "more bytes", "cut", "no stream"],
)
def test_a_part_of_other_columns_is_left_out(change, folder):
    change(min(folder.iterdir()))
    assert "1 of 2 parts, damaged" in read_trace(folder).notes[0]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": [1]}),
        TABLE.drop_columns(["ttl"]),
        TABLE.set_column(0, "key", pa.array(["a"] * 20)),
        TABLE.set_column(2, "read", pa.array([None] * 20, pa.bool_())),
        TABLE.set_column(1, "time", pa.array([None] * 20, pa.timestamp("us", "UTC"))),
    ],
    ids=["other columns", "a column less", "texts", "no reads", "no times"],
)
def test_an_old_part_of_other_columns_is_left_out(table, old_folder):
    write_parquet_part(old_folder, 0, table)
    assert "1 of 2 parts, damaged" in read_trace(old_folder).notes[0]


def test_a_later_version_of_a_part_says_so(folder, old_folder):
    describe(min(folder.iterdir()), lambda before: before | {"version": 99})
    write_parquet_part(old_folder, 0, TABLE, {"version": 99})
    for each in (folder, old_folder):
        with pytest.raises(BadInputError, match="newer perflab"):
            read_trace(each)


def test_a_part_that_is_cut_off_anywhere_is_left_out(folder):
    path = min(folder.iterdir())
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        trace = read_trace(folder)
        assert (len(trace), trace.notes[0]) == (20, "left out: 1 of 2 parts, damaged")
    path.write_bytes(whole + b"x")
    assert len(read_trace(folder)) == 20


def test_a_changed_byte_anywhere_leaves_the_part_out(folder):
    path = min(folder.iterdir())
    whole, chance = path.read_bytes(), random.Random(1)
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        assert len(read_trace(folder)) == 20


def test_a_length_that_no_part_has_is_not_read(folder):
    path = min(folder.iterdir())
    path.write_bytes(HEAD.pack(b"perflab\n", 0, 1 << 60))
    os.truncate(path, 1 << 40)
    assert len(read_trace(folder)) == 20


def test_bodies_with_random_bytes_raise_nothing_else(folder):
    path = min(folder.iterdir())
    start, chance = path.read_bytes()[HEAD.size :], random.Random(1)
    for _ in range(300):
        content = bytearray(start)
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        write_body(path, bytes(content))
        try:
            assert len(read_trace(folder)) >= 20
        except BadInputError as error:
            assert error.place  # noqa: PT017 - either is right


def test_old_parts_with_random_bytes_raise_nothing_else(old_folder):
    path = write_parquet_part(old_folder, 0, TABLE)
    start, chance = path.read_bytes(), random.Random(1)
    for _ in range(8):
        content = bytearray(start)
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            assert len(read_trace(old_folder)) >= 20
        except BadInputError as error:
            assert error.place  # noqa: PT017 - either is right


def with_sizes(folder, sizes):
    """Add parts of either format with some sizes to those that are there."""
    rows = [(*row[:4], size, None) for row, size in zip(ROWS, sizes, strict=True)]
    write_part(folder, 2, rows)
    write_parquet_part(folder, 0, parquet_table(rows))


@pytest.mark.parametrize("size", [2**53 - 1, 2**53 + 1, 2**55 + 3])
def test_a_size_that_no_float_holds_is_read_to_the_next_that_does(size, folder):
    with_sizes(folder, [size] + [None] * 19)
    trace = read_trace(folder)
    assert len(trace) == 80
    assert max(trace.sizes) == float(size)


@pytest.mark.parametrize("size", [2**62, 2**61, -2])
def test_a_size_that_no_file_has_is_refused(size, folder):
    with_sizes(folder, [size] * 20)
    with pytest.raises(BadInputError, match="sizes are bytes"):
        read_trace(folder)


def test_a_pipe_among_the_parts_is_left_out_at_once(folder, old_folder):
    part = min(folder.iterdir())
    part.unlink()
    os.mkfifo(part)
    os.mkfifo(old_folder / "6b0c4ee9-1-e2dd79-000000.parquet")
    for each in (folder, old_folder):
        assert "left out: 1 of 2 parts, damaged" in read_trace(each).notes
