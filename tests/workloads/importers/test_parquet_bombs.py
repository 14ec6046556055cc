"""Parquet files of some kilobytes whose texts count a million times."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.workloads import read_trace
from perflab.workloads.importers.parquet_texts import LONG_BYTES

ROWS = 600_000
LONG = 200_000
MOST_MEMORY = 6 << 30
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({most}, {most}))
from perflab.errors import BadInputError
from perflab.workloads import read_arrivals, read_trace
try:
    found = {read}
    print(len(found), getattr(found, "n_keys", ""))
except BadInputError as error:
    print(error)
"""


def repeated(texts: list[object], rows: int = ROWS) -> pa.DictionaryArray:
    places = pa.array([row % len(texts) for row in range(rows)], pa.int32())
    return pa.DictionaryArray.from_arrays(places, pa.array(texts))


def written(path, **columns):
    # As another tool writes it: without Arrow's word that the column is a dictionary.
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 1 << 20
    return path


def read(text: str) -> str:
    code = READ.format(most=MOST_MEMORY, read=text)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("texts", [["x" * LONG], ["x" * LONG, "y"], [b"x" * LONG, b"y"]])
def test_a_key_that_stands_there_once_is_in_memory_once(texts, tmp_path):
    path = written(tmp_path / "a.parquet", key=repeated(texts))
    assert read(f"read_trace({str(path)!r})") == f"{ROWS} {len(texts)}"


@pytest.mark.parametrize("role", ["time", "size"])
def test_a_long_text_in_the_place_of_a_number_is_refused(role, tmp_path):
    path = written(tmp_path / "a.parquet", key=list(range(ROWS)), **{role: repeated(["1" * LONG])})
    assert f"a text of {LONG:,} bytes" in read(f"read_trace({str(path)!r})")


def test_a_template_of_long_texts_is_refused(tmp_path):
    path = written(tmp_path / "a.parquet", a=repeated(["x" * LONG]), b=list(range(ROWS)))
    columns = {"key": "{a}/{b}"}
    assert f"a text of {LONG:,} bytes" in read(f"read_trace({str(path)!r}, columns={columns})")


@pytest.mark.parametrize("name", ["duration", "note"])
def test_arrivals_with_long_texts_are_refused(name, tmp_path):
    columns = {"start": [float(row) for row in range(ROWS)], name: repeated(["1" * LONG])}
    path = written(tmp_path / "a.parquet", **columns)
    assert f"a text of {LONG:,} bytes" in read(f"read_arrivals({str(path)!r})")


@pytest.mark.parametrize("length", [LONG_BYTES - 1, LONG_BYTES, LONG_BYTES + 1, 5000])
def test_keys_around_the_limit_are_read_alike(length, tmp_path):
    texts = [letter * length for letter in "abc"]
    trace = read_trace(written(tmp_path / "a.parquet", key=repeated(texts, 1000)))
    assert [trace.key_of(place) for place in trace.ids[:4]] == [*texts, texts[0]]
    assert len(trace) == 1000


def test_a_long_text_that_few_rows_repeat_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x" * LONG, "y"], "b": [1, 2]}), path, compression="none")
    trace = read_trace(path, columns={"key": "{a}/{b}"})
    assert trace.key_of(1) == "y/2"
