"""What a stream survives, and what it leaves behind: bad rows, full disks, cut archives, kills."""

import gzip
import lzma
import os
import signal
import subprocess
import sys

import pyarrow as pa
import pytest

from perflab.errors import BadInputError
from perflab.patterns.streaming import StreamCancelledError, StreamProcessor
from perflab.patterns.streaming.settings import BLOCK_ENGINES, ENGINES, StreamingSettings

CLEAN = "n,word\n" + "".join(f"{n},word {n}\n" for n in range(5000))


def packed(path, content, kind):
    if kind == "gz":
        path.write_bytes(gzip.compress(content))
    elif kind == "xz":
        path.write_bytes(lzma.compress(content))
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(content)


@pytest.mark.parametrize("engine", BLOCK_ENGINES)
def test_bad_rows_are_listed_with_line_and_reason(engine, tmp_path, stream, rows_of, rejected_of):
    rows = [f"{n},{n}.5,word {n}".encode() for n in range(1200)]
    rows[1000] = b"1000,1.5"
    rows[1001] = b"1001,1.5,a,b"
    rows[1002] = b"x,1.5,a"
    rows[1003] = b"1003,much,a"
    rows[1004] = b"1004,1.5,\xff"
    rows[1005] = b"1005,1.5,\0"
    rows[1006] = b'1006,1.5,"never closed'
    rows[1007] = b'1007,1.5,"a"b'
    rows[1008] = b"1008,inf,a"
    rows[1009] = b"9999999999999999999,1.5,a"
    rows[1010] = b"1010,1.5," + b"x" * 200_000
    source = tmp_path / "in.csv"
    source.write_bytes(b"n,f,s\n" + b"\n".join(rows) + b"\n")
    end = stream(source, tmp_path / "out.jsonl", engine, 300)
    assert (end.rows_in, end.rows_out, end.rows_rejected) == (1200, 1189, 11)
    assert rejected_of(tmp_path / "out.jsonl") == [
        (1002, "has 2 fields where the header has 3"),
        (1003, "has 4 fields where the header has 3"),
        (1004, "n 'x' is not a whole number"),
        (1005, "f 'much' is not a number"),
        (1006, "is not UTF-8 at byte 10"),
        (1007, "holds a NUL byte"),
        (1008, "opens a quote that is not closed"),
        (1009, "has text behind a closing quote"),
        (1010, "f 'inf' is not a finite number"),
        (1011, "n '9999999999999999999' is outside of 64 bits"),
        (1012, "has a field of more than 131,072 characters"),
    ]
    assert [row["n"] for row in rows_of(tmp_path / "out.jsonl")] == [
        *range(1000),
        *range(1011, 1200),
    ]


def test_a_list_of_an_earlier_run_goes_when_nothing_is_rejected(tmp_path, stream):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text("n\n" + "1\n" * 1000 + "x\n")
    stream(source, output)
    listed = tmp_path / "out.jsonl.rejected.csv"
    assert listed.exists()
    source.write_text("n\n1\n")
    stream(source, output)
    assert not listed.exists()


@pytest.mark.parametrize("limit", [0.0, 0.01])
def test_too_many_bad_rows_stop_it_and_leave_the_old_output(limit, tmp_path, stream, empty):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    rows = [f"{n}\n" if n % 50 or n < 1100 else "none\n" for n in range(5000)]
    source.write_text("n\n" + "".join(rows))
    output.write_text("old")
    place = f"{source}:1102: 2 of 1,200" if limit == 0 else f"{source}:1102: "
    with pytest.raises(
        BadInputError, match="rows are bad, and max_rejected_share allows"
    ) as raised:
        stream(source, output, max_rejected_share=limit)
    assert str(raised.value).startswith(place)
    assert "'none' is not a whole number" in str(raised.value)
    assert output.read_text() == "old"
    assert empty("in.csv", "out.jsonl") == []


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
@pytest.mark.parametrize("engine", ["python", "polars"])
def test_a_packed_file_gives_the_same_rows(kind, engine, tmp_path, stream, rows_of):
    source = tmp_path / f"in.csv.{kind}"
    packed(source, CLEAN.encode(), kind)
    end = stream(source, tmp_path / "out.jsonl", engine)
    assert end.rows_in == 5000
    assert end.bytes_done == end.bytes_total == source.stat().st_size
    assert rows_of(tmp_path / "out.jsonl")[-1] == {"n": 4999, "word": "word 4999"}


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_a_cut_archive_gives_what_is_before_the_cut_and_lists_the_rest(
    kind, tmp_path, stream, rows_of, rejected_of
):
    whole = os.urandom(180_000).hex()
    rows = [f"{n},{whole[n * 24 : n * 24 + 24]}" for n in range(15_000)]
    source = tmp_path / f"in.csv.{kind}"
    packed(source, ("n,hex\n" + "\n".join(rows)).encode(), kind)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])
    end = stream(source, tmp_path / "out.jsonl", schema={"hex": "text"})
    found = rows_of(tmp_path / "out.jsonl")
    assert found == [{"n": n, "hex": rows[n].partition(",")[2]} for n in range(len(found))]
    assert 5000 < len(found) < 15_000
    (bad,) = rejected_of(tmp_path / "out.jsonl")
    assert bad[0] == len(found) + 2
    assert "is cut off here" in bad[1]
    assert end.cut_off == bad[1]
    assert end.rows_in == end.rows_out + 1 == len(found) + 1


def test_an_archive_that_is_cut_before_its_header_ends_is_one_clear_error(tmp_path, stream):
    source = tmp_path / "in.csv.gz"
    source.write_bytes(gzip.compress(CLEAN.encode())[:10])
    with pytest.raises(BadInputError, match="cut off here, before the header ends"):
        stream(source, tmp_path / "out.jsonl")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty, not even a header"),
        (b"\n\r\n\n", "has no header, only blank lines"),
        ("a,b\n1,2\n".encode("utf-16"), "is not UTF-8 but UTF-16"),
        (b"PK\x03\x04aaaa", "is a zip archive"),
        (b"\x04\x22\x4d\x18`@", "is an lz4 archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "is a 7z archive"),
        (b"a,b,a\n", "the column 'a' comes twice"),
        (b"a,\xff\n", "the header is not UTF-8"),
        (b"a,\0\n", "the header holds NUL"),
    ],
)
def test_what_is_no_csv_is_one_clear_error(content, reason, tmp_path, stream, empty):
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    for engine in (*BLOCK_ENGINES, "polars_sink"):
        with pytest.raises(BadInputError, match=reason) as raised:
            stream(source, tmp_path / "out.jsonl", engine)
        assert str(source) in str(raised.value)
    assert empty("in.csv") == []


def test_missing_files_and_folders_are_told(tmp_path, stream, empty):
    source = tmp_path / "in.csv"
    with pytest.raises(BadInputError, match=r"in\.csv: cannot be opened .*; check the spelling"):
        stream(source, tmp_path / "out.jsonl")
    with pytest.raises(BadInputError, match="is a folder; name a file in it"):
        stream(tmp_path, tmp_path / "out.jsonl")
    source.write_text(CLEAN)
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(BadInputError, match="is a folder; name a file"):
        stream(source, tmp_path / "folder.jsonl")
    with pytest.raises(BadInputError, match=r"the ending '\.txt' says no format"):
        stream(source, tmp_path / "out.txt")
    with pytest.raises(BadInputError, match="is the input itself"):
        stream(source, source, output_format="jsonl")
    with pytest.raises(BadInputError, match="output_file: is not named"):
        StreamProcessor(StreamingSettings(input_file=str(source)))
    assert empty("in.csv", "folder.jsonl") == []


def test_an_output_folder_that_is_missing_is_made_and_one_that_cannot_be_is_told(tmp_path, stream):
    source = tmp_path / "in.csv"
    source.write_text(CLEAN)
    stream(source, tmp_path / "new" / "deep" / "out.jsonl")
    assert (tmp_path / "new" / "deep" / "out.jsonl").exists()
    with pytest.raises(BadInputError, match="cannot be written"):
        stream(source, source / "out.jsonl")


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("engine", [*BLOCK_ENGINES, "polars_sink"])
def test_a_header_alone_gives_an_output_without_rows(engine, ending, tmp_path, stream, rows_of):
    source, output = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    source.write_text("\ufeffn,word", encoding="utf-8")
    end = stream(source, output, engine)
    assert (end.rows_in, end.rows_out, end.share) == (0, 0, 1.0)
    assert rows_of(output) == []


FULL = """
import resource, signal, sys
from perflab.patterns.streaming import StreamProcessor
from perflab.settings import BadInputError, StreamingSettings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
source, output, engine = sys.argv[1:]
settings = StreamingSettings(input_file=source, output_file=output, engine=engine, chunk_size=500)
stream = StreamProcessor(settings).stream()
if engine != "polars_sink":
    next(stream)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    list(stream)
except BadInputError as error:
    print(error)
"""


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("engine", [*BLOCK_ENGINES, "polars_sink"])
def test_a_full_disk_is_one_clear_error_and_nothing_is_left(engine, ending, tmp_path, empty):
    source, output = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    source.write_text("n,word\n" + "".join(f"{n},{os.urandom(9).hex()}\n" for n in range(20_000)))
    output.write_text("old")
    words = [sys.executable, "-c", FULL, str(source), str(output), engine]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == f"{output}: cannot be written (File too large); nothing was written\n"
    assert output.read_text() == "old"
    assert empty("in.csv", output.name) == []


SLOW = """
import sys, time
from perflab.patterns.streaming import StreamProcessor, StreamingSettings
source, output, engine = sys.argv[1:]
settings = StreamingSettings(input_file=source, output_file=output, engine=engine, chunk_size=100)
for progress in StreamProcessor(settings).stream():
    print(progress.rows_out, flush=True)
    time.sleep(0.05)
"""


@pytest.mark.parametrize("old", [None, "old"])
def test_a_killed_process_leaves_no_output_or_the_old_one(old, tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(CLEAN)
    if old is not None:
        output.write_text(old)
    words = [sys.executable, "-c", SLOW, str(source), str(output), "polars"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        while int(child.stdout.readline()) < 1000:
            pass
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert (output.read_text() if output.exists() else None) == old


def test_who_gives_up_or_cancels_gets_no_output(tmp_path, empty):
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(CLEAN)
    settings = StreamingSettings(input_file=str(source), output_file=str(output), chunk_size=100)
    processor = StreamProcessor(settings)
    given_up = processor.stream()
    assert next(given_up).rows_out == 100
    given_up.close()
    assert empty("in.csv") == []
    with pytest.raises(StreamCancelledError):
        processor.run(lambda progress: progress.chunks == 3 and processor.cancel())
    assert processor.stats()["chunks"] == 3
    assert empty("in.csv") == []
    assert processor.run().rows_out == 5000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_path_of_a_user_whom_nobody_knows_is_one_clear_error(engine, tmp_path):
    settings = StreamingSettings(
        input_file="~nobody-has-this-name/in.csv",
        output_file=str(tmp_path / "out.jsonl"),
        engine=engine,
    )
    with pytest.raises(BadInputError, match=r"^~nobody-has-this-name/in\.csv: cannot be opened"):
        StreamProcessor(settings).run()
