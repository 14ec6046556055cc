"""The same file gives the same rows, names and types, whichever engine reads it."""

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pytest

from perflab.errors import BadInputError
from perflab.patterns.streaming import StreamingSettings, StreamProcessor
from perflab.patterns.streaming._look import look_through
from perflab.patterns.streaming.settings import BLOCK_ENGINES, ENGINES
from perflab.patterns.streaming.workload import load_table

FIRST = 1000
PACK = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.fixture
def outcome(tmp_path, stream, rows_of, rejected_of):
    """Return rows, rejected ones and the end of a stream of some content."""

    def run(content, engine, **values):
        source, output = tmp_path / "in.csv", tmp_path / f"{engine}.jsonl"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        end = stream(source, output, engine, max_rejected_share=1.0, **values)
        return rows_of(output), rejected_of(output), end

    return run


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("early", "late", "reason"),
    [
        ("12", "01000", "would come out otherwise"),
        ("12", "+4930123456", "would come out otherwise"),
        ("12", "-0", "would come out otherwise"),
        ("12", "-007", "would come out otherwise"),
        ("12", ' "', "opens a quote|not a whole number"),
        ("12", "1.0", "not a whole number"),
        ("12", "0x1f", "not a whole number"),
        ("12", "1_000", "not a whole number"),
        ("12", "\u0663", "not a whole number"),
        ("12", "NA", "not a whole number; na_values=NA takes it for none"),
        ("1.5", "007", "would come out otherwise"),
        ("1.5", "+41791234567", "would come out otherwise"),
        ("1.5", "1234567890123456789", "would come out otherwise"),
        ("1.5", "nan", "not a finite number"),
        ("1.5", "1e400", "not a finite number"),
    ],
)
def test_what_would_come_out_otherwise_is_rejected_however_late(
    engine, early, late, reason, outcome
):
    lines = [f"{n},{early},x\n" for n in range(FIRST)]
    content = "".join(["id,v,w\n", *lines, f'7,{late},"y"\n', f"8,{early},z\n"])
    rows, rejected, end = outcome(content, engine)
    if late == ' "':
        assert len(rows) < end.rows_in
        return
    assert [row["w"] for row in rows[FIRST:]] == ["z"]
    assert [line for line, _ in rejected] == [FIRST + 2]
    assert reason in rejected[0][1]
    assert bool(end.notes) is (engine == "polars_sink")


@pytest.mark.parametrize("engine", ENGINES)
def test_types_and_words_for_none_can_be_said(engine, outcome):
    lines = [f"{n},{n % 90},{n / 4},NA\n" for n in range(FIRST)]
    content = "".join(["id,zip,t,land\n", *lines, "1,01000,NA,NA\n", "NA,02000,-,DE\n"])
    rows, rejected, end = outcome(content, engine, schema="zip:text", na_values="NA,-")
    assert (rejected, end.refused) == ([], 0)
    assert rows[FIRST] == {"id": 1, "zip": "01000", "t": None, "land": "NA"}
    assert rows[FIRST + 1] == {"id": None, "zip": "02000", "t": None, "land": "DE"}
    assert rows[5] == {"id": 5, "zip": "5", "t": 1.25, "land": "NA"}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_that_the_user_calls_a_number_may_have_zeros_and_signs(engine, outcome):
    rows, rejected, _ = outcome("code,f\n007,+1\n+5,01.50\n", engine, schema="code:int,f:float")
    assert (rows, rejected) == ([{"code": 7, "f": 1.0}, {"code": 5, "f": 1.5}], [])


def test_types_that_do_not_go_with_the_file_are_refused(outcome):
    with pytest.raises(BadInputError, match=r"schema: unknown column 'zap'; did you mean 'zip'"):
        outcome("zip\n1\n", "polars", schema="zap:text")
    with pytest.raises(BadInputError, match="'zip:txt' is not a column with its type"):
        StreamingSettings(schema="zip:txt")
    assert StreamingSettings(schema={"a": "int", "b": "text"}).schema == "a:int,b:text"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("content", "names", "note"),
    [
        (",a,b\n0,1,x\n", ["column_1", "a", "b"], "called column_1"),
        ("a, ,b\n0,1,x\n", ["a", "column_2", "b"], "called column_2"),
        (",column_1\n0,1\n", ["column_1_", "column_1"], "called column_1_"),
        ("a,b,,\n1,2,,\n3,4,,\n", ["a", "b"], "2 columns at the end"),
        ("a,b,\n1,2,\n3,4,5\n", ["a", "b", "column_3"], "called column_3"),
        ("sep=|\r\na|b\r\n1|2\r\n", ["a", "b"], "the first line says that '|'"),
        ("\ufeffsep=;\na;b\n1;2\n", ["a", "b"], "the first line says that ';'"),
        ("a;b\n1;2,3\n", ["a", "b"], "delimiter: semicolon"),
    ],
)
def test_columns_have_one_name_with_every_engine(engine, content, names, note, outcome):
    rows, rejected, end = outcome(content, engine)
    assert rejected == []
    assert [list(row) for row in rows] == [names] * len(rows)
    assert note in " ".join(end.notes)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_in_a_column_that_was_left_out_is_told(engine, outcome):
    content = "a,b,\n" + "1,2,\n" * FIRST + "3,4,5\n" + "6,7,\n"
    rows, rejected, _ = outcome(content, engine)
    assert rows[FIRST:] == [{"a": 6, "b": 7}]
    assert rejected[0][0] == FIRST + 2
    assert "has a value in a column without a name" in rejected[0][1]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
@pytest.mark.parametrize(
    "late", ["\n", "9,2.5\n", "9\n", "9,2.5,x,y\n", "9,inf,x\n", "9,1e999,x\n", "9,2.5,\0\n"]
)
def test_a_file_that_is_not_clean_goes_from_the_sink_to_polars(
    late, ending, tmp_path, stream, rows_of, rejected_of
):
    source = tmp_path / "in.csv"
    source.write_text("id,x,t\n" + "1,1.5,a\n" * 2000 + late + "2,,b\n")
    found = []
    for engine in ("polars", "polars_sink"):
        output = tmp_path / f"{engine}{ending}"
        end = stream(source, output, engine, max_rejected_share=1.0)
        found.append((rows_of(output), rejected_of(output)))
    assert found[0] == found[1]
    assert "read by engine polars, since polars_sink" in " ".join(end.notes)


@pytest.mark.parametrize("at", [-3, -2, -1, 0, 1])
def test_a_quoted_line_end_across_arrows_block_stays_whole(at, outcome):
    place = (1 << 20) + at
    body = b'"' + b"z" * 9_000 + b'"\r\n'
    whole = body * (place // len(body) - 1)
    text = whole + b'"' + b"z" * (place - len(whole) - 1) + b'\r\nB"\r\nend\r\n'
    found = [outcome(b"s\r\n" + text, engine)[0] for engine in BLOCK_ENGINES]
    assert all(rows == found[0] for rows in found)
    assert found[0][-2]["s"].endswith("z\r\nB")


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_cut_archive_keeps_every_row_before_the_cut_and_says_so(kind, kept, tmp_path, stream):
    text = "".join(f"{n},{hash((n, 7)) & 0xFFFFFFFFFF:012x}\n" for n in range(150_000))
    whole = PACK[kind](f"id,t\n{text}".encode())
    source, output = tmp_path / f"in.csv.{kind}", tmp_path / "out.jsonl"
    source.write_bytes(whole[: int(len(whole) * kept)])
    end = stream(source, output, max_rejected_share=1.0)
    ids = [json.loads(line)["id"] for line in output.read_text().splitlines()]
    assert ids == list(range(len(ids)))
    assert len(ids) > 150_000 * (kept - (0.35 if kind == "bz2" else 0.1))
    assert (
        f"{ {'gz': 'gzip', 'zst': 'zstd', 'bz2': 'bzip2'}.get(kind, kind) } archive" in end.cut_off
    )
    table = load_table(source, StreamingSettings())
    assert any("cut off" in note for note in table.notes)
    assert table.rows == len(ids)


def test_what_changes_the_columns_cannot_change_while_it_runs(tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    values = {"input_file": tmp_path / "in.csv", "output_file": tmp_path / "out.jsonl"}
    processor = StreamProcessor(StreamingSettings(**values))
    for key, value in (("schema", "a:text"), ("na_values", "-"), ("delimiter", "tab")):
        with pytest.raises(BadInputError, match=f"{key}: cannot change while it runs"):
            processor.apply(processor.settings.change(**{key: value}))


@pytest.mark.parametrize("engine", BLOCK_ENGINES)
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_clean_files_go_through_an_engine_as_a_whole(engine, sign, outcome, tmp_path):
    lines = [(f"{n}", "" if n % 3 else f"{n / 4}", '"x"', "") for n in range(2000)]
    content = f"id{sign}t{sign}s{sign}\n" + "".join(f"{sign.join(line)}\n" for line in lines)
    rows, rejected, end = outcome(content, engine)
    assert (len(rows), rejected, end.refused) == (2000, [], 0)
    assert look_through(StreamingSettings(input_file=str(tmp_path / "in.csv")), None) == (
        2000,
        None,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("late", ["  ", '" "', "1\f"])
def test_blanks_are_no_number(engine, late, outcome):
    content = "id,t\n" + "1,1.5\n" * FIRST + f"2,{late}\n3,\n"
    rows, rejected, _ = outcome(content, engine)
    assert rows[FIRST:] == [{"id": 3, "t": None}]
    assert [line for line, _ in rejected] == [FIRST + 2]
