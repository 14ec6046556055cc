"""What a stream does besides reading and writing: transformations, schema, progress, hooks."""

import itertools
import json
import threading

import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming._schema import kinds_of
from perflab.patterns.streaming.settings import BLOCK_ENGINES, StreamingSettings

FRAMED = BLOCK_ENGINES[1:]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("n,word\n" + "".join(f"{n},word {n}\n" for n in range(1000)))
    return path


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("engine", BLOCK_ENGINES)
def test_a_function_of_a_row_makes_rows_and_rejects_some(
    engine, ending, tmp_path, source, stream, rows_of, rejected_of
):
    def change(row):
        if row["n"] == 7:
            raise LookupError("no seven")
        return None if row["n"] == 9 else {"twice": row["n"] * 2, "word": row["word"].upper()}

    output = tmp_path / f"out.{ending}"
    end = stream(source, output, engine, 300, row=change)
    assert (end.rows_in, end.rows_out, end.rows_rejected) == (1000, 998, 2)
    kept = [n for n in range(1000) if n not in (7, 9)]
    assert rows_of(output) == [{"twice": 2 * n, "word": f"WORD {n}"} for n in kept]
    assert rejected_of(output) == [
        (9, "the transformation raised LookupError: no seven"),
        (11, "the transformation left it out"),
    ]


@pytest.mark.parametrize("engine", FRAMED)
def test_a_function_of_a_frame_gets_the_engines_own_kind(engine, tmp_path, source, stream, rows_of):
    kinds = {"pandas": "DataFrame", "arrow": "Table", "polars": "DataFrame"}
    seen = []

    def change(frame):
        seen.append((type(frame).__module__.split(".")[0], type(frame).__name__, len(frame)))
        return frame.select(["word"]) if engine != "pandas" else frame[["word"]]

    source.write_text(source.read_text() + "bad,row\n")
    stream(source, tmp_path / "out.jsonl", engine, 400, frame=change)
    module = {"arrow": "pyarrow"}.get(engine, engine)
    assert seen == [(module, kinds[engine], rows) for rows in (400, 400, 200)]
    assert rows_of(tmp_path / "out.jsonl") == [{"word": f"word {n}"} for n in range(1000)]


def test_a_function_of_a_frame_that_loses_rows_or_fails_is_told(tmp_path, source, stream):
    with pytest.raises(BadInputError, match=r"chunk 1: .* made 10 rows of 100; it must keep"):
        stream(source, tmp_path / "out.jsonl", frame=lambda frame: frame.head(10))
    with pytest.raises(BadInputError, match="chunk 1: the transformation raised ZeroDivisionError"):
        stream(source, tmp_path / "out.jsonl", frame=lambda _: 1 / 0)
    with pytest.raises(BadInputError, match="engine: python has no frames"):
        stream(source, tmp_path / "out.jsonl", "python", frame=lambda frame: frame)
    with pytest.raises(BadInputError, match="polars_sink: streams by itself and calls nothing"):
        stream(source, tmp_path / "out.jsonl", "polars_sink", row=lambda row: row)
    assert not (tmp_path / "out.jsonl").exists()


def test_chunks_of_parquet_are_row_groups(tmp_path, source, stream):
    for engine in BLOCK_ENGINES:
        stream(source, tmp_path / "out.parquet", engine, 400)
        groups = pq.ParquetFile(tmp_path / "out.parquet").metadata
        assert [groups.row_group(n).num_rows for n in range(3)] == [400, 400, 200]


def test_chunk_size_and_engine_change_while_it_runs(tmp_path, source, rows_of):
    output = tmp_path / "out.jsonl"
    settings = StreamingSettings(input_file=str(source), output_file=str(output), chunk_size=100)
    processor = StreamProcessor(settings)
    going = processor.stream()
    assert next(going).rows_in == 100
    processor.apply(settings.change(chunk_size=250, engine="python"))
    assert next(going).rows_in == 350
    processor.apply(settings.change(chunk_size=50, engine="arrow"))
    assert next(going).rows_in == 400
    with pytest.raises(BadInputError, match="output_file: cannot change while it runs"):
        processor.apply(settings.change(output_file="other.jsonl"))
    with pytest.raises(BadInputError, match="engine: cannot change while it runs"):
        processor.apply(settings.change(engine="polars_sink"))
    *_, last = going
    assert last.final
    assert [row["n"] for row in rows_of(output)] == list(range(1000))


def test_what_is_still_being_written_outlives_a_change_of_engine(tmp_path, source, rows_of):
    source.write_text("n,word\n" + "".join(f"{n},{'word ' * 20}\n" for n in range(60_000)))
    output = tmp_path / "out.jsonl"
    settings = StreamingSettings(input_file=str(source), output_file=str(output), chunk_size=3000)
    processor = StreamProcessor(settings)
    engines = itertools.cycle(FRAMED)
    for _ in processor.stream():
        processor.apply(settings.change(engine=next(engines)))
    assert [row["n"] for row in rows_of(output)] == list(range(60_000))


def test_progress_goes_from_nothing_to_all_and_the_output_comes_last(tmp_path, source):
    output = tmp_path / "out.jsonl"
    settings = StreamingSettings(input_file=str(source), output_file=str(output), chunk_size=300)
    seen = []
    StreamProcessor(settings).run(lambda progress: seen.append((progress, output.exists())))
    assert [progress.rows_out for progress, _ in seen] == [300, 600, 900, 1000, 1000]
    assert [there for _, there in seen] == [False, False, False, False, True]
    assert all(progress.bytes_total == source.stat().st_size for progress, _ in seen)
    assert seen[-1][0].share == 1.0
    assert seen[-1][0].seconds_left == 0.0


def test_a_hook_hears_of_chunks_refused_blocks_and_rejected_rows(tmp_path, source, stream):
    source.write_text(source.read_text() + "bad,row\n")
    for engine in BLOCK_ENGINES:
        heard = []
        stream(source, tmp_path / "out.jsonl", engine, 400, hook=heard.append)
        kinds = [event.kind for event in heard]
        assert kinds.count(EventKind.CHUNK_DONE) == 3
        assert kinds.count(EventKind.REFUSED) == 1
        (bad,) = [event for event in heard if event.kind is EventKind.REJECTION]
        assert (bad.key, bad.detail) == (1002, "n 'bad' is not a whole number")


def test_it_can_be_cancelled_from_another_thread(tmp_path, source):
    output = tmp_path / "out.jsonl"
    settings = StreamingSettings(input_file=str(source), output_file=str(output), chunk_size=1)
    processor = StreamProcessor(settings)
    raised = []

    def run():
        try:
            processor.run(lambda progress: progress.chunks > 2 and ready.set())
        except Exception as error:  # noqa: BLE001  (looked at below)
            raised.append(type(error).__name__)

    ready = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    processor.cancel()
    thread.join(30)
    assert raised in (["StreamCancelledError"], [])
    assert output.exists() is not bool(raised)


def test_types_are_decided_by_the_first_rows():
    rows = [("1", "1.5", "007", "", "9" * 19, "x"), ("", "-2", "1", "", "1", "1")]
    kinds = kinds_of("abcdef", rows)
    assert kinds == ("int", "float", "text", "text", "text", "text")
    assert kinds_of("ab", [("1", "2")], {"b": "text"}) == ("int", "text")
    assert kinds_of("ab", []) == ("text", "text")
    with pytest.raises(BadInputError, match="unknown column 'c'"):
        kinds_of("ab", [], {"c": "int"})
    with pytest.raises(BadInputError, match="'number' is not a column type"):
        kinds_of("ab", [], {"a": "number"})


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "pipe")])
def test_the_delimiter_is_found_in_the_header_or_named(sign, word, tmp_path, stream, rows_of):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(f'a{sign}"b,c"{sign}d\n1{sign}"x{sign}y"{sign}z,z\n')
    wanted = [{"a": 1, "b,c": f"x{sign}y", "d": "z,z"}]
    for engine in (*BLOCK_ENGINES, "polars_sink"):
        stream(source, output, engine)
        assert rows_of(output) == wanted
        stream(source, output, engine, delimiter=word)
        assert rows_of(output) == wanted


def test_numbers_come_out_exactly(tmp_path, stream):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    numbers = [0.1, 1e300, 2.2250738585072014e-308, 123456789.12345679, -0.0, 9007199254740993.0]
    source.write_text("f,n\n" + "".join(f"{f!r},{2**63 - 1}\n" for f in numbers))
    for engine in (*BLOCK_ENGINES, "polars_sink"):
        stream(source, output, engine, schema={"n": "int"})
        found = [json.loads(line) for line in output.read_text().splitlines()]
        assert [row["f"] for row in found] == numbers
        assert {row["n"] for row in found} == {2**63 - 1}


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    "body", ["1,a\n2,b", '1,"a\nb"\n2,"c"\n', "1,a\r\n2,\r\n", "", "\n", "1,a\n\n2,b\n\n"]
)
def test_the_sink_of_polars_counts_the_rows_that_it_wrote(body, ending, tmp_path, stream, rows_of):
    source, output = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    source.write_text("n,word\n" + body, newline="")
    end = stream(source, output, "polars_sink", schema={"n": "int", "word": "text"})
    assert end.rows_in == end.rows_out == len(rows_of(output))


def test_the_sink_of_polars_refuses_what_is_packed(tmp_path, stream):
    import gzip

    source = tmp_path / "in.csv.gz"
    source.write_bytes(gzip.compress(b"n\n1\n"))
    with pytest.raises(BadInputError, match=r"is packed \(gzip\), .*; use engine polars"):
        stream(source, tmp_path / "out.jsonl", "polars_sink")
    assert not (tmp_path / "out.jsonl").exists()
