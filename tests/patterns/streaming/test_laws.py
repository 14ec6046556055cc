"""What holds for any CSV: chunks joined are the file, rows add up, engines agree."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.streaming._block_reader import BlockReader
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming.settings import BLOCK_ENGINES

ENGINES = BLOCK_ENGINES
TEXTS = st.lists(
    st.sampled_from(['"', ",", "\n", "\r", "\r\n", "a", "é", "_", " ", "0", "nan"]), max_size=5
).map("".join)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "1.0",
            "1e3",
            "0x1F",
            "1_0",
            "inf",
            "nan",
            "1e999",
            " 5",
            "5 ",
            "+5",
            "007",
            "12x",
            "9" * 20,
        ]
    ),
)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS), max_size=30)
PIECES = st.sampled_from(
    [
        b'"',
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"1",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"1,2,x\n",
        b'3,"4",""\n',
    ]
)
QUICK = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def written(rows, newline="\n", quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=newline, quoting=quoting).writerows([("x", "y", "s"), *rows])
    return text.getvalue().encode()


@pytest.fixture(scope="session")
def outcome(stream, rows_of, rejected_of):
    """Return rows, rejected rows and the last progress of a content that is streamed."""

    def run(content, engine, chunk_size, ending=".jsonl", schema=None):
        with TemporaryDirectory() as folder:
            source, output = Path(folder) / "in.csv", Path(folder) / f"out{ending}"
            source.write_bytes(content)
            end = stream(source, output, engine, chunk_size, schema=schema, delimiter="comma")
            return rows_of(output), rejected_of(output), end

    return run


@QUICK
@given(st.lists(PIECES, max_size=60).map(b"".join), st.integers(1, 7))
@example(b'1,"a\n2,x\n3,"y"\n', 2)
@example(b'"1\r\n\r\n","2\n"\r\n\r\n', 1)
def test_chunks_joined_are_the_file_and_none_has_more_rows_than_asked(body, rows):
    content = b"a,b,c\n" + body
    with TemporaryDirectory() as folder:
        path = Path(folder) / "in.csv"
        path.write_bytes(content)
        with Source(path) as source:
            reader = BlockReader(source, "comma")
            blocks = list(iter(lambda: reader.read(rows), None))
    joined = b"".join(block.data for block in blocks)
    assert joined == body + (b"" if body.endswith(b"\n") or not body else b"\n")
    assert all(1 <= block.records <= rows for block in blocks)
    assert all(block.records == rows for block in blocks[:-1])
    line = 2
    for block in blocks:
        assert block.line == line
        assert int(block.ends[-1]) == len(block.data)
        line += block.data.count(b"\n")


@QUICK
@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_records_are_those_of_the_csv_module_where_quotes_are_as_they_should(rows, newline):
    content = written(rows, newline, csv.QUOTE_ALL)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "in.csv"
        path.write_bytes(content)
        with Source(path) as source:
            reader = BlockReader(source, "comma")
            block = reader.read(1000)
    read = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert (block.records if block else 0) == len(read) - 1


@QUICK
@given(rows=ROWS, size=st.integers(1, 40), newline=st.sampled_from(["\n", "\r\n"]))
@example(rows=[("1", "1.0", "x"), ("1.0", "2", 'a"b\r\n')], size=5, newline="\n")
@example(rows=[("", "", ""), ("5", "", "nan")], size=5, newline="\n")
def test_all_engines_give_the_same_rows_and_reject_the_same(outcome, rows, size, newline):
    schema = {"x": "int", "y": "float", "s": "text"}
    content = written(rows, newline)
    wanted, bad, end = outcome(content, "python", size, schema=schema)
    assert end.rows_in == len(rows)
    assert end.rows_in == end.rows_out + end.rows_rejected == len(wanted) + len(bad)
    for engine in ENGINES[1:]:
        found, rejected, _ = outcome(content, engine, size, schema=schema)
        assert found == wanted, engine
        assert rejected == bad, engine


@QUICK
@given(body=st.lists(PIECES, max_size=60).map(b"".join), size=st.integers(1, 7))
def test_rows_add_up_whatever_the_bytes_are_and_engines_agree(outcome, body, size):
    content = b"a,b,c\n" + body
    schema = {"a": "int"}
    wanted, bad, end = outcome(content, "python", 1000, schema=schema)
    assert end.rows_in == end.rows_out + end.rows_rejected
    for engine in ENGINES:
        found, rejected, other = outcome(content, engine, size, schema=schema)
        assert found == wanted, engine
        assert rejected == bad, engine
        assert (other.rows_in, other.rows_out) == (end.rows_in, end.rows_out)


@QUICK
@given(rows=ROWS)
def test_parquet_holds_the_same_rows_as_json_lines(outcome, rows):
    schema = {"x": "int", "y": "float", "s": "text"}
    wanted, _, _ = outcome(written(rows), "python", 7, schema=schema)
    for engine in ENGINES:
        found, _, _ = outcome(written(rows), engine, 7, ".parquet", schema)
        assert found == wanted, engine


@pytest.mark.parametrize("engine", [*ENGINES, "polars_sink"])
def test_a_clean_file_is_the_same_through_every_engine(engine, tmp_path, stream, rows_of):
    lines = [f'{n},{n / 7!r},"w {n}, ""q""",{"" if n % 5 else n}\n' for n in range(3000)]
    source = tmp_path / "in.csv"
    source.write_text("n,f,s,maybe\n" + "".join(lines))
    stream(source, tmp_path / "out.jsonl", engine, 700)
    assert rows_of(tmp_path / "out.jsonl") == [
        {"n": n, "f": n / 7, "s": f'w {n}, "q"', "maybe": None if n % 5 else n} for n in range(3000)
    ]
