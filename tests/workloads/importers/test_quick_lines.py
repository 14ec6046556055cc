from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab.workloads import read_trace
from perflab.workloads.importers import quick_lines, wrapped
from perflab.workloads.importers.field_spans import JSON, LOGFMT
from perflab.workloads.importers.json_lines import _exact_line, _objects
from perflab.workloads.importers.json_objects import parse_objects
from perflab.workloads.importers.json_values import JsonValues
from perflab.workloads.importers.logfmt import _NAMES, LINE_TIME
from perflab.workloads.importers.logfmt import _objects as _pairs
from perflab.workloads.importers.quick_lines import QuickLines
from perflab.workloads.importers.role_names import JSON_NAMES
from perflab.workloads.importers.values import RowFault

pytestmark = pytest.mark.compiled

TEXTS = (
    *(
        "/a",
        "/a b",
        "/é",
        "",
        "-",
        "GET",
        "POST",
        "post",
        "DELETE",
        "po\u017ft",
        "x" * 21,
        "404",
        "5xx",
    ),
    *("GET /a HTTP/1.1", "POST /b?x=1 HTTP/2.0", "PUT  /c", "GET /ü HTTP/1.1", "GET /a\nb"),
    *("2024-06-10T06:13:20Z", "2024-06-10T06:13:20.123+02:00", "2024-06-10 06:13:20,5 -0130"),
    *("2024-02-29T23:59:60.1234567891Z", "2023-02-29T00:00:00Z", "10/Oct/2000:13:55:36 -0700"),
    *("10/Oct/2000:13:55:36", "1/Oct/2000:13:55:36 +00:00", "2024-06-10T06:13:20.Z", "2024-06-10"),
    *("2024-06-10T06:13:20+24:00", "2024-06-10T24:13:20Z", "0000-06-10T06:13:20Z", "noon", "1e3"),
    *("1_000", " 12 ", "nan", "inf", "-inf", "-0", "-1", "007", "12.5", "12.", ".5", "9" * 30),
    *("12ms", "1m2.5s", "0.002, 0.040", "1718000000.1234567", "true", "a=b", 'a"b', "\\", "\x7f"),
)
NUMBERS = (
    *("0", "-0", "-0.0", "-0.5", "7", "-7", "1.5", "1e3", "1E-05", "01", "1.", ".5", "+1", "1e999"),
    *("9007199254740993", "9007199254740993.5", "0.1234567890123456", "1718000000123456789"),
    *("12345678901234567890", "1" * 30, "1" * 400, "1718000000.1234567", "404", "500.0", "4e2"),
)
WORDS = ("null", "true", "false", "NaN", "-Infinity", "nul", "[]", "{}", "[1, {}]", '{"uri": "/u"}')
ESCAPES = (
    *(r'"\/a\u0026b"', r'"\ud83d\ude00"', r'"\ud83d"', r'"\ude00x"', r'"\x"', r'"\u12"', '"\t"'),
    *(r'"GET \/é HTTP\/1.1"', r'"PO\u0053T"', r'"2024-06-10T06:13:20\u005a"', r'"\u0031\u0032"'),
    *(r'"\"\\\b\f\n\r\t"', '"open', r'"\"', "'a'"),
)
JSON_VALUES = st.one_of(
    st.sampled_from([json.dumps(text, ensure_ascii=False) for text in TEXTS]),
    st.sampled_from((*NUMBERS, *WORDS, *ESCAPES)),
    st.integers().map(str),
    st.floats().map(json.dumps),
    st.text().map(json.dumps),
)
USUAL = {
    "path": ('"/a"', '"/b?x=1"', '"/c\\u0026d"', "12"),
    "request": ('"GET /a HTTP/1.1"', '"POST /a HTTP/1.1"', '{"uri": "/a", "method": "PUT"}'),
    "time": ("1718000000.25", '"2024-06-10T06:13:20.5Z"', '"1718000000"', "1718000001"),
    "size": ("10", '"12"', "0.5", "null"),
    "duration": ("0.25", '"12ms"', "3"),
    "method": ('"GET"', '"PUT"', '"DELETE"'),
    "status": ("200", "404", '"500"', '"201"'),
    "ttl": ("60", '"inf"', "-1"),
    "host": ('"a"', '"ö"'),
    "request.uri": ('"/whole"', "null"),
    "": ('"nameless"',),
}
COLUMNS = (
    *(None, None, {"key": "{host}{path}"}, {"key": "{method} {path}", "time": "time"}),
    *({"key": "request.uri"}, {"key": "path", "ttl": "ttl", "op": "method"}, {"key": "{host}/{}"}),
    {"key": "{request.method} {request.uri}", "backend": "duration"},
)


@st.composite
def json_lines(draw):
    """Return a log's lines, of which some are wrong in a value, a name or a byte."""
    first = draw(st.sampled_from((("path",), ("path", "time"), ("request", "time"), ())))
    names = (*first, *draw(st.lists(st.sampled_from(sorted(USUAL)), min_size=1, max_size=5)))
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        pairs = [(name, draw(st.sampled_from(USUAL[name]))) for name in dict.fromkeys(names)]
        for _ in range(max(0, draw(st.integers(-2, 2)))):
            place = draw(st.integers(0, len(pairs) - 1))
            pairs[place] = (pairs[place][0], draw(JSON_VALUES))
        if draw(st.integers(0, 5)) == 0:
            pairs.append((draw(st.sampled_from(sorted(USUAL))), draw(JSON_VALUES)))
        blank = draw(st.sampled_from(("", " ", "\t", " \r")))
        inner = f",{blank}".join(f'{blank}"{name}":{blank}{value}' for name, value in pairs)
        lines.append(broken(draw, f"{blank}{{{inner}{blank}}}{blank}"))
    return lines


USUAL_PAIRS = {
    "path": ("/a", '"/b?x=1"', r'"/c\u0026d"', "/é"),
    "time": ("1718000000.25", "2024-06-10T06:13:20.5Z", '"2024-06-10 06:13:20"'),
    "size": ("10", '"12"', "-"),
    "duration": ("0.25", "12ms"),
    "method": ("GET", "PUT", '"DELETE"'),
    "status": ("200", "404", "500"),
    "host": ("a", '"ö"', ""),
    "line_time": ("1718000000",),
    "a.b": ("/c",),
}


@st.composite
def logfmt_lines(draw):
    names = ("path", *draw(st.lists(st.sampled_from(sorted(USUAL_PAIRS)), max_size=6)))
    before = draw(st.sampled_from(("", "word ", "2024-06-10T06:13:20.5+02:00 app[1]: ", "<1>")))
    plain = st.sampled_from((*TEXTS, *NUMBERS))
    hostile = st.one_of(plain, plain.map(json.dumps), st.sampled_from(ESCAPES))
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        line = before
        for name in names:
            usual = draw(st.integers(0, 11)) > 0
            line += f"{name}={draw(st.sampled_from(USUAL_PAIRS[name]) if usual else hostile)}"
            line += (
                draw(st.sampled_from((" ", "  ", "\t", " odd ", " =", " x="))) if not usual else " "
            )
        lines.append(broken(draw, line.replace("\n", "")))
    return lines


def broken(draw, line):
    """Return a line, of which now and then a character is missing, doubled or another."""
    if draw(st.integers(0, 7)):
        return line
    place = draw(st.integers(0, len(line)))
    other = draw(st.sampled_from(("", '"', "\\", "}", "{", ",", ":", "=", " ", "é", "\x01", "0")))
    return line[:place] + other + line[place + draw(st.integers(0, 1)) :]


def arrow(lines):
    return pa.array([f"{line}\n".encode() for line in lines], pa.binary())


def outcome(parse, values, batches):
    """Return all that is known after some batches were parsed, or what was raised."""
    found = []
    try:
        for lines in batches:
            good, columns = parse(lines)
            keys = columns["key"].to_pylist()
            rest = {name: each.tolist() for name, each in columns.items() if name != "key"}
            found.append((good.tolist(), keys, rest))
        codes = values.operations.codes() if values.operations.place is not None else None
    except (ValueError, OverflowError, RowFault) as error:
        return type(error), str(error)
    operations = (None if codes is None else codes.tolist(), values.operations.notes())
    counts = sorted(values.later.items()), sorted(values.refused.items()), values.rounded
    counts += (sorted(values.metrics.items()),)
    return repr((found, operations, counts, values.dated, values._no_time, values.notes()))


def both(lines, columns=None, form=JSON, split=None, names=JSON_NAMES):
    """Return what is read of lines by columns, and one by one."""
    objects, exact = (_objects, _exact_line) if form == JSON else (_pairs, None)
    batches = [arrow(part) for part in (lines[:split], lines[split:] if split else []) if part]
    by_columns, one_by_one = (JsonValues(columns, names) for _ in range(2))
    moment = LINE_TIME if form == LOGFMT else ""
    quick = QuickLines(
        by_columns, objects, exact, form=form, moment=moment, file_bytes=quick_lines.PAYS_FROM
    )

    def slow(batch):
        of_row = None if exact is None else lambda row: exact(batch, row)
        return parse_objects(objects(batch), one_by_one, of_row)

    return outcome(quick.parse, by_columns, batches), outcome(slow, one_by_one, batches)


@settings(max_examples=50, deadline=None)
@given(json_lines(), st.sampled_from(COLUMNS), st.integers(0, 4))
def test_columns_say_what_objects_say(lines, columns, split):
    quick, slow = both(lines, columns, split=split)
    assert quick == slow


@settings(max_examples=50, deadline=None)
@given(logfmt_lines(), st.sampled_from((None, {"key": "{host}{path}"}, {"key": "a.b"})))
def test_columns_say_what_pairs_say(lines, columns):
    quick, slow = both(lines, columns, LOGFMT, names=_NAMES)
    assert quick == slow


NGINX = {"time_iso8601": "2024-06-10T06:13:20.5Z", "request_method": "GET", "status": 200}
LOGS = {
    "nginx": {**NGINX, "request_uri": "/~a?b=1", "body_bytes_sent": 12, "request_time": 0.01},
    "caddy": {
        "ts": 1718000000.123456,
        "duration": 0.0012,
        "size": 50,
        "status": 201,
        "request": {"method": "PUT", "uri": "/~b", "headers": {"Accept": ["*/*"]}},
    },
    "traefik": {
        "RequestPath": "/~c?d&e",
        "RequestMethod": "GET",
        "OriginDuration": 1_200_000,
        "StartUTC": "2024-06-10T06:13:20.123456789Z",
        "DownstreamContentSize": 7,
    },
    "envoy": {
        ":path": "/~d",
        "path": "/~d",
        "start_time": "2024-06-10T06:13:20.123Z",
        "bytes_sent": 0,
        "response_code": 404,
        "method": "DELETE",
        "upstream_service_time": "12",
    },
    "journald": {"MESSAGE": json.dumps({"url": "/~e", "ts": 1718000000}), "PRIORITY": "6"},
    "docker": {"log": "GET /f HTTP/1.1 path=/~f time=1718000000.5 size=3 x=1\n", "stream": "out"},
    "line": {"time_local": "10/Oct/2000:13:55:36 -0700", "request": "GET /~a HTTP/1.1", "size": 5},
}


@pytest.mark.parametrize("kind", sorted(LOGS))
def test_a_long_log_is_the_same_trace(kind, write, monkeypatch):
    lines = [json.dumps(LOGS[kind]).replace("~", str(n % 3)) for n in range(40)]
    lines[::2] = [line.replace("PUT", "GET").replace("DELETE", "GET") for line in lines[::2]]
    lines[7:9] = ["started", '{"level": "info"}']
    path = write("a.log", "\n".join(lines) + "\n")
    slow = read_trace(path)
    monkeypatch.setattr(quick_lines, "PAYS_FROM", 0)
    monkeypatch.setattr(wrapped, "PAYS_FROM", 0)
    quick = read_trace(path)
    assert (quick.fingerprint, quick.notes) == (slow.fingerprint, slow.notes)
    assert (len(quick), quick.n_keys) in ((38, 3), (19, 2), (19, 3))


def test_what_comes_late_or_is_refused_is_counted_alike():
    first = '{"path":"/a","time":1,"method":"GET"}'
    late = '{"path":"/a","time":2,"size":5,"ttl":"9","method":"POST","status":%s}'
    lines = [first] * 3 + [late % status for status in ("200", "503", '"404"', "500.0", "null")]
    quick, slow = both(lines, split=3)
    assert quick == slow
    assert "('POST', 3)" in quick


def test_metrics_of_k6_are_counted_alike():
    point = '{"metric":"%s","type":"Point","data":{"time":"2024-06-10T06:13:20.5Z","tags":{%s}}}'
    url = '"url":"/a","method":"GET"'
    lines = [point % ("http_reqs", url)] * 3 + [point % ("vus", ""), point % ("http_reqs", url)]
    lines += [point.replace('"%s"', "5") % url, '{"type":"Point"}', point % ("h\\u0061", url)]
    quick, slow = both(lines, split=4)
    assert quick == slow
    assert "('http_reqs', 4)" in quick
