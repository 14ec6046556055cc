"""Every program is run on a real file, with the real packages."""

import bz2
import gzip
import json
import lzma
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.streaming.exports import streaming_exports
from perflab.patterns.streaming.settings import BLOCK_ENGINES, ENGINES, StreamingSettings

TITLES = ["perflab", "pandas", "PyArrow", "Polars", "Kailash workflow"]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("n,word\n" + "".join(f'{n},"word ""{n}"", a"\n' for n in range(2500)))
    return path


def rows_of(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(text, folder):
    program = folder / "program.py"
    program.write_text(text)
    return subprocess.run(
        [sys.executable, str(program)], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("title", TITLES)
def test_each_program_converts_the_file_by_chunks(title, ending, source, tmp_path):
    output = tmp_path / f"out.{ending}"
    settings = StreamingSettings(output_file=str(output), chunk_size=1000, delimiter="comma")
    found = {e.title: e for e in streaming_exports(settings, str(source))}
    said = run(found[title].text, tmp_path)
    assert "2,500 rows written" in said or "'rows_out': 2500" in said
    written = {"pandas": ".jsonl", "PyArrow": ".parquet"}.get(title, output.suffix)
    made = output.with_suffix(written)
    assert rows_of(made) == [{"n": n, "word": f'word "{n}", a'} for n in range(2500)]
    if made.suffix == ".parquet" and title != "PyArrow":
        assert pq.ParquetFile(made).metadata.row_group(0).num_rows == 1000


def test_pandas_gets_the_chunk_size_and_pyarrow_as_many_bytes(source):
    settings = StreamingSettings(chunk_size=700)
    found = {e.title: e.text for e in streaming_exports(settings, str(source))}
    assert "chunksize=700," in found["pandas"]
    assert "CHUNK_ROWS = 700" in found["PyArrow"]
    names = {"__name__": "pasted"}
    exec(found["PyArrow"].replace("1 << 16", "1"), names)
    mean = len(source.read_bytes()) / 2501
    assert names["block_bytes"]() == pytest.approx(700 * mean, rel=0.01)


@given(
    st.builds(
        StreamingSettings,
        chunk_size=st.integers(1, 10_000_000),
        engine=st.sampled_from(ENGINES),
        max_rejected_share=st.floats(0, 1),
        output_format=st.sampled_from(["auto", "jsonl", "parquet"]),
        delimiter=st.sampled_from(["auto", "comma", "semicolon", "tab", "pipe"]),
        input_file=st.none() | st.text(min_size=1),
    ),
    st.text(),
)
@hypothesis_settings(max_examples=60)
def test_every_setting_makes_programs_that_compile(settings, workload):
    exports = streaming_exports(settings, workload)
    assert [export.title for export in exports] == TITLES
    for export in exports:
        compile(export.text, export.title, "exec")


def test_what_perflab_is_given_are_the_settings_that_were_chosen(source, tmp_path):
    for engine in BLOCK_ENGINES:
        settings = StreamingSettings(engine=engine, chunk_size=123, max_rejected_share=0.5)
        text = streaming_exports(settings, str(source))[0].text
        names = {"__name__": "pasted"}
        exec(text, names)
        files = {"input_file": str(source), "output_file": "rows.jsonl"}
        assert names["processor"].settings == settings.change(**files)


@pytest.mark.parametrize("sign", [";", "\t", "|", ","], ids=["semicolon", "tab", "pipe", "comma"])
@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_a_delimiter_that_is_found_goes_into_every_program(tmp_path, sign, ending):
    path = tmp_path / f"in.{ending}"
    content = "".join(f"{sign.join((str(n), 'word', '1.5'))}\n" for n in range(50))
    text = f"{sign.join(('n', 'word', 'price'))}\n{content}".encode()
    path.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    settings = StreamingSettings(input_file=str(path), chunk_size=10)
    for export in streaming_exports(settings, str(path)):
        if export.title in ("pandas", "PyArrow", "Polars"):
            run(export.text, tmp_path)
            written = next(tmp_path.glob("rows.*"))
            assert list(rows_of(written)[0]) == ["n", "word", "price"], export.title
            assert len(rows_of(written)) == 50
            written.unlink()


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.csv.xz", "nowhere.tsv"])
def test_what_could_not_be_looked_at_is_said_in_the_programs(name):
    for export in streaming_exports(StreamingSettings(input_file=name), name):
        if export.title in ("pandas", "PyArrow", "Polars"):
            assert "# The file was not there to look at" in export.text
            assert "leading zeros" in export.text
            assert ("decompress it first" in export.text) == name.endswith("xz")


PACK = {
    "csv": bytes,
    "csv.gz": gzip.compress,
    "csv.bz2": bz2.compress,
    "csv.xz": lzma.compress,
    "csv.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}
LIBRARIES = ("pandas", "PyArrow", "Polars")


@pytest.mark.parametrize(
    ("ending", "sign", "before", "after"),
    [
        ("csv", ";", "", ""),
        ("csv", "\t", "", ""),
        ("csv", "|", "sep=|\r\n", ""),
        ("csv", ";", "\n", ";;"),
        ("csv.gz", ";", "", ""),
        ("csv.bz2", ",", "", ""),
        ("csv.xz", "\t", "", ""),
        ("csv.zst", ";", "", ""),
        ("csv.zst", ",", "", ","),
    ],
)
@pytest.mark.parametrize("none", [None, "NA,-"])
def test_programs_write_the_rows_that_the_stream_itself_writes(
    ending, sign, before, after, none, tmp_path, stream
):
    lines = [("zip", "", "price", "count", "land", "phone")]
    for n in range(300):
        empty = "-" if none and n % 7 == 3 else ""
        price = empty if n % 7 == 3 else f"{n / 8}"
        count = f"{n}" if n % 5 else ""
        land = "NA" if n % 3 else f'"a{sign}""b""\nc"'
        lines.append((f"{n:05}", "x", price, count, land, f"+4930{n:06}"))
    text = before + "".join(f"{sign.join(line)}{after}\r\n" for line in lines)
    source = tmp_path / f"in.{ending}"
    source.write_bytes(PACK[ending](text.encode()))
    own = tmp_path / "own.jsonl"
    values = {} if none is None else {"na_values": none}
    end = stream(source, own, **values)
    wanted = rows_of(own)
    assert (len(wanted), end.rows_rejected) == (300, 0)
    assert (wanted[8]["zip"], wanted[8]["price"]) == ("00008", 1.0)
    settings = StreamingSettings(input_file=str(source), chunk_size=50, **values)
    for export in streaming_exports(settings, str(source)):
        if export.title in LIBRARIES:
            run(export.text, tmp_path)
            written = next(tmp_path.glob("rows.*"))
            assert rows_of(written) == wanted, export.title
            written.unlink()


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.zst"])
@pytest.mark.parametrize("is_there", [True, False], ids=["seen", "unseen"])
def test_a_quoted_line_end_across_a_block_of_arrow_is_whole(ending, is_there, tmp_path):
    """apache/arrow#51368"""
    texts = ["\r\n" * (20 + n % 7) + "x" * (n % 3) for n in range(6000)]
    body = "".join(f'{n},"{text}"\r\n' for n, text in enumerate(texts))
    path = tmp_path / f"in.{ending}"
    settings = StreamingSettings(input_file=str(path), chunk_size=10)
    content = PACK[ending](f"n,t\r\n{body}".encode())
    path.write_bytes(content if is_there else b"")
    found = {e.title: e.text for e in streaming_exports(settings, str(path))}
    path.write_bytes(content)
    run(found["PyArrow"], tmp_path)
    assert [row["t"] for row in rows_of(tmp_path / "rows.parquet")] == texts
