from __future__ import annotations

import json
import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import trust_parquet
from perflab.workloads import read_trace
from perflab.workloads.recording.parts import METADATA, RecordingFolder
from perflab.workloads.recording.table import part_table

ROWS = [(n % 5 << 31 | 7, 1e9 + n, True, n % 2 > 0, n, None) for n in range(20)]


@pytest.fixture
def folder(tmp_path):
    """Return a recording of two parts, the first of which may be damaged."""
    for number in (0, 1):
        RecordingFolder(tmp_path / "r").write(number, part_table(ROWS), 1 << 32, 20)
    return tmp_path / "r"


def rewritten(folder, said=None, table=None):
    path = min(folder.iterdir())
    old = pq.read_table(path)
    described = {**json.loads(old.schema.metadata[METADATA]), **(said or {})}
    text = json.dumps(described)
    pq.write_table((table or old).replace_schema_metadata({METADATA: text}), path)
    for each in folder.iterdir():
        trust_parquet(each)


@pytest.mark.parametrize(
    "said",
    [
        *({"limit": limit} for limit in (0, -1, 2**33, 1.5, "x", None, True, 1e400)),
        *({"version": version} for version in (None, "x", -1, 1.5, [])),
    ],
    ids=str,
)
def test_a_part_that_lies_is_left_out_and_counted(said, folder):
    rewritten(folder, said)
    trace = read_trace(folder)
    assert len(trace) == 20
    assert trace.sample_rate == 1.0
    assert "1 of 2 parts, damaged" in trace.notes[0]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": [1]}),
        part_table(ROWS).drop_columns(["ttl"]),
        part_table(ROWS).set_column(0, "key", pa.array(["a"] * 20)),
        part_table(ROWS).set_column(2, "read", pa.array([None] * 20, pa.bool_())),
        part_table(ROWS).set_column(1, "time", pa.array([None] * 20, pa.timestamp("us", "UTC"))),
    ],
    ids=["other columns", "a column less", "texts", "no reads", "no times"],
)
def test_a_part_of_other_columns_is_left_out(table, folder):
    rewritten(folder, table=table)
    assert "1 of 2 parts, damaged" in read_trace(folder).notes[0]


def test_a_later_version_of_a_part_says_so(folder):
    rewritten(folder, {"version": 99})
    with pytest.raises(BadInputError, match="later perflab"):
        read_trace(folder)


def test_parts_with_random_bytes_raise_nothing_else(folder):
    path = min(folder.iterdir())
    start, chance = path.read_bytes(), random.Random(1)
    for _ in range(8):
        content = bytearray(start)
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            assert len(read_trace(folder)) >= 20
        except BadInputError as error:
            assert error.place  # noqa: PT017 - either is right


def with_sizes(folder, sizes):
    table = part_table(ROWS)
    column = pa.array(sizes, pa.int64())
    rewritten(folder, table=table.set_column(table.schema.get_field_index("size"), "size", column))


@pytest.mark.parametrize("size", [2**53 - 1, 2**53 + 1, 2**55 + 3])
def test_a_size_that_no_float_holds_is_read_to_the_next_that_does(size, folder):
    with_sizes(folder, [size] + [None] * 19)
    assert max(read_trace(folder).sizes) == float(size)


@pytest.mark.parametrize("size", [2**62, 2**61, -1])
def test_a_size_that_no_file_has_is_refused(size, folder):
    with_sizes(folder, [size] * 20)
    with pytest.raises(BadInputError, match="sizes are bytes"):
        read_trace(folder)


def test_a_pipe_among_the_parts_is_left_out_at_once(folder):
    part = min(folder.iterdir())
    part.unlink()
    os.mkfifo(part)
    trace = read_trace(folder)
    assert "left out: 1 of 2 parts, damaged" in trace.notes
