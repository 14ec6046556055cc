from __future__ import annotations

import io
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import FORMATS, read_trace
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.importers.detect import detect
from perflab.workloads.importers.source import Source

LOG = b'h - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 23 "-" "-"\n'


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("keys", b"a\nb\n", "text"),
        ("keys.txt", b"/a,b\n/c\n", "text"),
        ("keys.csv", b"a\n", "csv"),
        ("keys.CSV", b"a\n", "csv"),
        ("keys.tsv", b"a\n", "csv"),
        ("keys", b"time,key\n1,a\n", "csv"),
        ("keys.txt", b"URL\tsize\nx\t1\n", "csv"),
        ("keys.txt", LOG, "combined"),
        ("keys.txt", b"first line\n" + LOG, "combined"),
        ("app.log", b"free text\n", "combined"),
        ("access.log.1", b"free text\n", "combined"),
        ("access.log-20240101", b"free text\n", "combined"),
        ("access_log", b"free text\n", "combined"),
        ("keys.parquet", b"not really", "parquet"),
    ],
)
def test_the_format_is_found_by_ending_and_content(name, content, expected, write):
    assert detect(Source(write(name, content))) == expected


def test_parquet_is_known_without_its_ending(tmp_path):
    pq.write_table(pa.table({"key": ["a"]}), tmp_path / "upload")
    assert detect(Source(tmp_path / "upload")) == "parquet"


def test_a_named_format_overrides_what_the_file_looks_like(write, keys_of):
    path = write("keys.csv", b"key,x\na,1\n")
    assert keys_of(read_trace(path, format="text")) == ["key,x", "a,1"]
    assert keys_of(read_trace(write("keys.txt", b"key\na\n"), format="text")) == ["key", "a"]


def test_named_columns_make_it_a_table(write, keys_of):
    path = write("keys.txt", b"page,ts\n/a,1\n")
    assert keys_of(read_trace(path, columns={"key": "page"})) == ["/a"]


@pytest.mark.parametrize(
    "options", [{}, {"format": "csv"}, {"columns": {"key": "at"}}, {"format": "int32le"}]
)
def test_a_trace_knows_its_file_and_what_had_to_be_said_to_read_it(write, options):
    path = write("keys.txt", b"key,at\n/a,1\n/b,2222\n")
    trace = read_trace(path, **options)
    assert (trace.source, trace.options) == (str(path), options)
    again = read_trace(trace.source, **trace.options)
    assert again.fingerprint == trace.fingerprint


def test_a_home_folder_is_found(write, monkeypatch):
    path = write("keys.txt", b"a\n")
    monkeypatch.setenv("HOME", str(path.parent))
    assert len(read_trace("~/keys.txt")) == 1


@pytest.mark.parametrize("kind", FORMATS)
def test_missing_empty_and_folder_are_refused_in_every_format(kind, write, tmp_path):
    suffix = {"csv": ".csv", "parquet": ".parquet", "combined": ".log"}.get(kind, ".txt")
    cases = {
        tmp_path / f"missing{suffix}": "No such file",
        write(f"empty{suffix}", b""): "is empty",
        tmp_path: "is a folder",
    }
    for path, words in cases.items():
        for named in (kind, None):
            with pytest.raises(BadInputError) as caught:
                read_trace(path, format=named)
            assert caught.value.place == str(path)
            assert words in caught.value.message


@pytest.mark.parametrize("kind", ["text", "csv", "combined", "int32le", None])
@pytest.mark.parametrize("damage", ["cut", "cut at the end", "overwritten", "nothing inside"])
def test_a_broken_archive_is_refused(kind, damage, packer, write):
    suffix, pack = packer
    body = np.random.default_rng(0).integers(33, 126, 200_000, dtype=np.uint8).tobytes()
    packed = pack(b"key,time\n" + body)
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    elif damage == "cut at the end":
        packed = packed[:-3]
    elif damage == "overwritten":
        packed = packed[:200] + bytes(len(packed) - 200)
    else:
        packed = pack(b"")
    path = write(f"k.csv{suffix}", packed)
    with pytest.raises(BadInputError) as caught:
        read_trace(path, format=kind)
    assert caught.value.place.startswith(str(path))
    wanted = "is empty" if damage == "nothing inside" else "cut off or damaged"
    assert wanted in caught.value.message


def test_a_zip_archive_says_to_unpack_it(write):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("keys.txt", "a\n")
    with pytest.raises(BadInputError, match="unpack it"):
        read_trace(write("keys.zip", buffer.getvalue()))


def test_random_bytes_are_refused_in_every_text_format(write):
    garbage = np.random.default_rng(1).integers(0, 256, 5_000, dtype=np.uint8).tobytes()
    for name in ("g.txt", "g.csv", "g.log", "g"):
        path = write(name, garbage)
        for kind in ("text", "csv", "combined", "parquet", None):
            with pytest.raises(BadInputError) as caught:
                read_trace(path, format=kind)
            assert caught.value.place.startswith(str(path))


def test_an_unknown_format_suggests_the_nearest(write):
    path = write("k", b"a\n")
    with pytest.raises(BadInputError, match="unknown format 'int32eb'; did you mean 'int32"):
        read_trace(path, format="int32eb")


def test_columns_of_what_has_none_are_refused(write):
    with pytest.raises(BadInputError, match="combined, json, logfmt, har have columns"):
        read_trace(write("k", b"a\n"), format="text", columns={"key": "a"})


def contents():
    table = io.BytesIO()
    pq.write_table(pa.table({"key": np.arange(5_000)}), table)
    return {
        "k.txt": b"some key\n" * 5_000,
        "k.csv": b"key,time\n" + b"some key,1\n" * 5_000,
        "k.log": LOG * 5_000,
        "k.parquet": table.getvalue(),
    }


@pytest.mark.parametrize("name", ["k.txt", "k.csv", "k.log", "k.parquet"])
def test_progress_goes_up_to_all_bytes(name, write):
    path = write(name, contents()[name])
    seen = []
    read_trace(path, progress=lambda done, total: seen.append((done, total)))
    total = path.stat().st_size
    assert {each[1] for each in seen} == {total}
    assert seen[-1] == (total, total)


@pytest.mark.parametrize("name", ["k.txt", "k.csv", "k.log", "k.parquet"])
def test_reading_stops_when_the_progress_callback_raises(name, write, packer):
    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        read_trace(write(name, contents()[name]), progress=cancel)
    if name != "k.parquet":
        with pytest.raises(CancelledError):
            read_trace(write(name + packer[0], packer[1](contents()[name])), progress=cancel)


def test_columns_are_named_in_one_text():
    assert parse_columns("key=url, time=ts") == {"key": "url", "time": "ts"}
    for text in ("url", "key=", "colour=red", ""):
        with pytest.raises(BadInputError):
            parse_columns(text)
