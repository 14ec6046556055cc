from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace
from perflab.workloads.importers.moments import parse_moment as parse_log_time

AGENT = '"https://example.org/?q=[x]" "Mozilla/5.0 (X11; \\"Linux\\")"'


def line(request='"GET /a HTTP/1.1"', second=0, size="10", zone="+0000", host="10.0.0.1", user="-"):
    moment = f"[10/Oct/2000:13:55:{second:02d} {zone}]"
    return f"{host} - {user} {moment} {request} 200 {size} {AGENT}\n"


def test_method_and_path_are_the_key_and_the_body_is_the_size(write, keys_of):
    content = line() + line('"POST /b?x=1 HTTP/2.0"', 1, "7") + line('"HEAD /a HTTP/1.1"', 2, "-")
    trace = read_trace(write("access.log", content))
    assert keys_of(trace) == ["GET /a", "GET /b?x=1", "HEAD /a"]
    assert trace.sizes.tolist() == [10, 5, 0]
    assert trace.operations.tolist() == [0, Operation.WRITE, 0]
    assert trace.times.tolist() == [971_186_100, 971_186_101, 971_186_102]
    assert trace.notes == (
        "the size of 1 of 3 requests is not known; they count as the median, 5 bytes",
    )


def test_writes_are_of_what_is_read_unless_they_were_refused(write, keys_of):
    methods = ("GET", "PUT", "get", "PATCH", "DELETE", "POST", "LOCK", "PURGE")
    lines = [line(f'"{method} /a HTTP/1.1"', n) for n, method in enumerate(methods)]
    refused = line('"POST /a HTTP/1.1"', 9).replace(" 200 ", " 403 ")
    moved = line('"POST /a HTTP/1.1"', 10).replace(" 200 ", " 303 ")
    trace = read_trace(write("access.log", "".join([*lines, refused, moved])))
    assert keys_of(trace) == [
        *["GET /a"] * 2,
        "get /a",
        *["GET /a"] * 3,
        "LOCK /a",
        "GET /a",
        "GET /a",
    ]
    assert trace.operations.tolist() == [0, 4, 0, 4, 3, 4, 0, 3, 4]
    assert trace.sizes.tolist() == [10] * 9
    assert trace.notes[0] == "left out, since they were answered with an error: POST 1"
    assert trace.notes[1].startswith("LOCK 1 count as reads")
    by_path = read_trace(write("b.log", "".join(lines)), columns={"key": "{path}"})
    assert by_path.operations.tolist() == [0, 4, 0, 4, 3, 4, 0, 3]
    assert by_path.n_keys == 1


def test_a_log_of_writes_alone_has_no_reads(write):
    with pytest.raises(BadInputError, match="has no reads"):
        read_trace(write("access.log", line('"POST /a HTTP/1.1"') * 3))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"host": "2001:db8::1"}, "GET /a"),
        ({"host": "www.example.org:443 10.0.0.1"}, "GET /a"),
        ({"user": "Jane Doe"}, "GET /a"),
        ({"request": '"GET /a"'}, "GET /a"),
        ({"request": r'"GET /say\"hi\" HTTP/1.1"'}, r"GET /say\"hi\""),
        ({"request": '"PROPFIND /\N{SNOWMAN} HTTP/1.1"'}, "PROPFIND /\N{SNOWMAN}"),
    ],
)
def test_lines_as_servers_write_them_are_read(changed, key, write, keys_of):
    assert keys_of(read_trace(write("access.log", line(**changed)))) == [key]


def test_the_common_log_is_read_too(write, keys_of):
    common = line().split(' "https')[0] + "\n"
    assert keys_of(read_trace(write("access.log", common * 2))) == ["GET /a", "GET /a"]


def test_the_zone_is_taken_into_account():
    assert parse_log_time("10/Oct/2000:13:55:36 -0700") == 971_211_336
    assert parse_log_time("10/Oct/2000:13:55:36 +0530") == 971_166_336
    assert np.isnan(parse_log_time("10/Okt/2000:13:55:36 +0000"))
    assert np.isnan(parse_log_time("31/Feb/2000:13:55:36 +0000"))
    assert parse_log_time("31/Dec/2016:23:59:60 +0000") == 1_483_228_799


def test_bad_lines_are_skipped_counted_and_the_first_shown(write, keys_of):
    bad = ["what is this\n", line('"-"'), line().replace("Oct", "Okt"), line()[:40] + "\n", "\n"]
    content = line() * 10 + "".join(bad) + line('"GET /b HTTP/1.1"')
    trace = read_trace(write("access.log", content))
    assert keys_of(trace) == ["GET /a"] * 10 + ["GET /b"]
    assert trace.notes[0].startswith(
        "5 of 16 lines skipped; first: line 11: 'what is this'; line 12: '10.0.0.1 - - [10/Oct"
    )
    assert "line 14" not in trace.notes[0]


def test_binary_debris_in_a_log_is_a_bad_line(write, keys_of):
    content = line() * 500 + "\0" * 60 + "\n" + line()
    trace = read_trace(write("access.log", content))
    assert len(trace) == 501
    assert trace.notes[0].startswith("1 of 502 lines skipped; first: line 501")
    content = (line() * 3).encode() + b'\xff\xfe "GET /\xff HTTP/1.1"\n'
    assert len(read_trace(write("b.log", content))) == 3


def test_lines_out_of_order_are_sorted_and_the_note_says_so(write, keys_of):
    requests = [("/a", 5), ("/b", 3), ("/c", 5), ("/d", 4), ("/e", 9)]
    content = "".join(line(f'"GET {path} HTTP/1.1"', second) for path, second in requests)
    trace = read_trace(write("access.log", content))
    assert keys_of(trace) == ["GET /b", "GET /d", "GET /a", "GET /c", "GET /e"]
    assert trace.ids.tolist() == [0, 1, 2, 3, 4]
    assert np.all(np.diff(trace.times) >= 0)
    assert trace.notes == ("2 lines earlier than the line above; sorted by time",)


def test_a_log_in_which_most_lines_are_bad_is_refused_with_the_first(write):
    path = write("access.log", line() + "one\ntwo\n")
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}:2"
    assert caught.value.message == (
        "2 of 3 lines are not of the combined log format; first: 'one'; "
        "if it is of another format, name that with --format; describe a log of another form by "
        "its server's words with --log-format, such as '$remote_addr [$time_local] "
        '"$request" $status $body_bytes_sent\''
    )


def test_packed_logs_are_unpacked(packer, write, keys_of):
    suffix, pack = packer
    path = write(f"access.log.2{suffix}", pack((line() * 2).encode()))
    assert keys_of(read_trace(path)) == ["GET /a", "GET /a"]


def test_blocks_of_a_large_log_are_read_as_one(write, keys_of, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.lines.BLOCK_BYTES", 300)
    content = "".join(line(f'"GET /{i % 7} HTTP/1.1"', i) for i in range(50)) + "bad\n"
    trace = read_trace(write("access.log", content))
    assert keys_of(trace) == [f"GET /{i % 7}" for i in range(50)]
    assert trace.notes == ("1 of 51 lines skipped; first: line 51: 'bad'",)


def test_seconds_with_fractions_are_parsed_once_each(write):
    lines = [line(second=n % 60).replace(" +0000", f".{n % 1000:03} +0000") for n in range(2000)]
    trace = read_trace(write("access.log", "".join(lines)))
    assert len(trace) == 2000
    assert trace.times[0] == 971_186_100
    assert np.unique(np.round(trace.times % 1 * 1000)).size == 1000
