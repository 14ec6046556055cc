from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace, write_trace
from perflab.workloads.read import read_arrivals

LOG = '10.0.0.1 - - [10/Oct/2023:13:55:36 +0000] "GET {} HTTP/1.1" 200 5 "-" "{}"\n'
# By format: a line with a key, other options, and what stands before the lines.
LINES = {
    "text": ("{}\n", "", None),
    "csv": ("{},1,5\n", "key,time,size\n", None),
    "csv by columns": ("{},1,5\n", "page,time,size\n", {"key": "page"}),
    "csv by a template": ("{},1,5\n", "page,time,size\n", {"key": "{page}"}),
    "combined": (LOG.format("{}", "-"), "", None),
    "combined by a template": (LOG.format("{}", "-"), "", {"key": "{path}"}),
    "json": ('{{"key":"{}","time":1}}\n', "", None),
    "json by a template": ('{{"page":"{}","time":1}}\n', "", {"key": "{page}"}),
    "redis_monitor": ('1700000000.1 [0 127.0.0.1:1] "get" "{}"\n', "", None),
    "twitter": ("1,{},5,100,1,get,0\n", "", None),
    "oracle_csv": ("1,{},5,-1\n", "", None),
}
KEYS = (b"a", b"k\xff", b"k\xfe", b"\xc3\xa9", b"k\xff", b"k\xed\xa0\x80", b"\xe2\x82")
SHOWN = ["a", r"k\xff", r"k\xfe", "\N{LATIN SMALL LETTER E WITH ACUTE}", r"k\xff"]
SHOWN += [r"k\xed\xa0\x80", r"\xe2\x82"]


@pytest.mark.parametrize("case", LINES)
@pytest.mark.parametrize("before", [0, 3, 40_000])
def test_bytes_that_are_not_utf8_keep_keys_apart(case, before, write, keys_of):
    line, heading, columns = LINES[case]
    lines = [line.format("SPOT").encode().replace(b"SPOT", key) for key in KEYS]
    start = line.format("x").encode() * before
    path = write("a", heading.encode() + start + b"".join(lines))
    trace = read_trace(path, format=case.split()[0], columns=columns)
    wanted = [f"GET {key}" for key in SHOWN] if case == "combined" else SHOWN
    assert keys_of(trace)[before:] == wanted
    assert r"4 keys hold bytes that are not UTF-8, shown as \xNN" in trace.notes


def test_such_bytes_elsewhere_in_a_line_need_no_note(write, keys_of):
    path = write("a.log", LOG.format("/a", "SPOT").encode().replace(b"SPOT", b"\xff") * 2)
    trace = read_trace(path)
    assert keys_of(trace) == ["GET /a", "GET /a"]
    assert not any("UTF-8" in note for note in trace.notes)


def test_a_character_cut_by_a_block_stays_whole(write, keys_of, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.lines.BLOCK_BYTES", 1)
    monkeypatch.setattr("perflab.workloads.importers.reader.LEAST_BYTES", 1)
    keys = ["\N{EURO SIGN}", "\N{GRINNING FACE}", "\N{LATIN SMALL LETTER E WITH ACUTE}x"]
    assert keys_of(read_trace(write("k.txt", "\n".join(keys)))) == keys
    path = write("l.txt", "\n".join(keys).encode() + b"\n\xf0\x9f\x98")
    assert keys_of(read_trace(path)) == [*keys, r"\xf0\x9f\x98"]


def test_keys_with_such_bytes_go_to_parquet_and_back(write, keys_of, tmp_path):
    trace = read_trace(write("k.txt", b"a\xff\nb\na\xff\n"))
    write_trace(trace, tmp_path / "k.parquet")
    assert keys_of(read_trace(tmp_path / "k.parquet")) == [r"a\xff", "b", r"a\xff"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "lines"), [("k.txt", "a\nb\n"), ("k.csv", "key,time\na,1\nb,2\n")]
)
def test_utf16_with_its_mark_is_decoded(encoding, name, lines, write, keys_of, packer):
    content = ("\N{ZERO WIDTH NO-BREAK SPACE}" + lines).encode(encoding)
    assert keys_of(read_trace(write(name, content))) == ["a", "b"]
    assert keys_of(read_trace(write(name + packer[0], packer[1](content)))) == ["a", "b"]


def test_binary_numbers_that_begin_like_utf16_stay_numbers(write):
    trace = read_trace(write("k", b"\xff\xfe\0\0\1\0\0\0"), format="int32le")
    assert trace.keys.tolist() == [0xFEFF, 1]


@pytest.mark.parametrize("kind", ["text", "csv", "json", "twitter"])
def test_a_byte_order_mark_is_no_part_of_the_first_key(kind, write, keys_of):
    line, heading, _ = LINES[kind]
    path = write("a", b"\xef\xbb\xbf" + heading.encode() + line.format("k").encode() * 2)
    assert keys_of(read_trace(path, format=kind)) == ["k", "k"]


@pytest.mark.parametrize(
    ("name", "lines"), [("k.txt", b"a\rb\r"), ("k.csv", b"key,time\ra,1\rb,2")]
)
def test_lines_that_end_with_cr_alone_are_lines(name, lines, write, keys_of):
    assert keys_of(read_trace(write(name, lines))) == ["a", "b"]


def test_half_a_character_in_json_is_kept(write, keys_of):
    keys = (r"a\ud83d", r"\ud83d\ude00", r"\\ud83d")
    lines = "".join(f'{{"key":"{key}","time":1}}\n' for key in keys)
    assert keys_of(read_trace(write("a.json", lines))) == [
        r"a\ud83d",
        "\N{GRINNING FACE}",
        r"\ud83d",
    ]
    entry = {"startedDateTime": "2024-01-01T00:00:00Z", "request": {"method": "GET", "url": "URL"}}
    har = json.dumps({"log": {"entries": [entry]}}).replace("URL", "http://h/\\udc00")
    assert keys_of(read_trace(write("a.har", har))) == [r"GET http://h/\udc00"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("durations", b"start,duration,x\n1,0.5,\xff\n2,0.5,b\n"),
        (
            "postgres",
            b"2024-06-10 05:00:00.123 UTC [7] LOG:  duration: 1.5 ms  statement: \xff\n" * 2,
        ),
        (
            "postgres",
            b'{"timestamp":"2024-06-10 05:00:00.1 UTC","error_severity":"LOG",'
            b'"message":"duration: 1 ms  statement: \xff"}\n' * 2,
        ),
        ("pg_stat_statements", b"calls,mean_exec_time,seconds,query\n1,1,9,\xff\n1,1,9,x\n"),
    ],
)
def test_arrivals_with_such_bytes_are_read(kind, content, write):
    assert len(read_arrivals(write("a", content), format=kind)) == 2


def test_binary_data_without_nul_bytes_is_no_text(write):
    content = bytes(1 + i * 7919 % 255 for i in range(4_000))
    with pytest.raises(BadInputError, match="is binary data"):
        read_trace(write("k.txt", content))
