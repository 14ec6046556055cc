"""The backend's own times, as tables, JSON and logs say them, become seconds a request."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace


def seconds(path, **how):
    found = read_trace(path, **how).backend_seconds
    return None if found is None else [None if np.isnan(one) else round(one, 9) for one in found]


def table(tmp_path, name, values):
    path = tmp_path / "t.csv"
    rows = [f'k{n % 2},{n},"{value}"' for n, value in enumerate(values)]
    path.write_text("\n".join([f"key,time,{name}", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("backend", 1),
        ("upstream_response_time", 1),
        ("request_time", 1),
        ("duration", 1),
        ("Duration (ms)", 1e-3),
        ("duration_ms", 1e-3),
        ("latency_us", 1e-6),
        ("took_ns", 1e-9),
        ("elapsed_seconds", 1),
    ],
)
def test_columns_are_found_by_name_and_unit(tmp_path, name, factor):
    found = seconds(table(tmp_path, name, [1, 20, 300]))
    assert found == [round(one * factor, 9) for one in (1, 20, 300)]


def test_what_is_no_time_is_not_known(tmp_path):
    values = ["-", "", "0.25", "-1", "inf", "12ms", "0.002, 0.040 : 0.01", "-, 0.5", "x"]
    wanted = [None, None, 0.25, None, None, 0.012, 0.052, 0.5, None]
    assert seconds(table(tmp_path, "upstream_response_time", values)) == wanted


def test_the_upstream_comes_before_the_whole_request(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("key,request_time,upstream_response_time\na,2,1\nb,3,-\n")
    found = read_trace(path)
    assert found.backend_seconds[0] == 1
    assert "backend from upstream_response_time" in "".join(found.notes)


def test_the_name_of_a_server_is_not_its_time(tmp_path):
    (tmp_path / "t.csv").write_text("key,backend,request_time\na,app-1,2\nb,app-2,3\n")
    assert seconds(tmp_path / "t.csv") == [2, 3]
    rows = [{"url": "/a", "backend": "app-1", "duration": n} for n in range(2)]
    (tmp_path / "t.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert seconds(tmp_path / "t.json") == [0, 1]
    named = {"key": "url", "time": "duration"}
    assert seconds(tmp_path / "t.json", columns=named) is None


def test_a_column_is_named(tmp_path):
    path = table(tmp_path, "cost_ms", [5, 6])
    assert seconds(path) is None
    assert seconds(path, columns={"backend": "cost_ms"}) == [0.005, 0.006]


def test_a_unit_that_no_heading_names_is_said(tmp_path):
    assert "read as seconds" in "".join(read_trace(table(tmp_path, "took", [5])).notes)
    assert "read as seconds" not in "".join(read_trace(table(tmp_path, "took_ms", [5])).notes)


def test_a_column_that_holds_no_time_is_left_aside_unless_it_was_named(tmp_path):
    path = table(tmp_path, "duration", ["long", "short"])
    assert seconds(path) is None
    assert "no backend times: duration holds none" in read_trace(path).notes
    with pytest.raises(BadInputError, match="has no time in 'duration'"):
        read_trace(path, columns={"backend": "duration"})


def test_a_column_that_plays_another_role_is_not_the_backend_too(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("key,elapsed\na,1\nb,2\n")
    found = read_trace(path, columns={"time": "elapsed"})
    assert found.backend_seconds is None
    assert found.times.tolist() == [1, 2]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([5, 6, None], pa.int64()),
        pa.array([5.0, 6.0, None]),
        pa.array(["5", "6", "-"]),
        pa.array(["5", "6", "-"]).dictionary_encode(),
        pa.array([5, 6, None], pa.duration("ms")),
    ],
)
def test_parquet_of_any_type(tmp_path, values):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"key": ["a", "b", "a"], "duration_ms": values}), path)
    assert seconds(path) == [0.005, 0.006, None]


START = '192.0.2.7 - - [06/May/2024:07:08:0{n} +0000] "GET /a{n} HTTP/1.1" 200 70'
INGRESS = f'{START} "-" "ua" 34 0.9 [shop-80] []'
ALB = (
    "h2 2024-05-06T07:08:0{n}.2Z app/x/1 192.0.2.7:99 10.1.0.1:80 0.001 %s 0.000 200 200 "
    '34 70 "GET https://h:443/a HTTP/2.0" "ua"'
)
HAPROXY = (
    "192.0.2.7:99 [06/May/2024:07:08:0{n}.250] web~ app/a1 %s %d 70 - - ---- "
    '1/1/0/0/0 0/0 "GET /a HTTP/1.1"'
)
LOGS = {
    '$remote_addr - $user [$time_local] "$request" $status $body_bytes_sent $request_time': (
        [f"{START} 0.25", f"{START} -", START],
        [0.25, None, None],
    ),
    (
        '$remote_addr - $user [$time_local] "$request" $status $body_bytes_sent '
        "rt=$request_time up=$upstream_response_time"
    ): (
        [f"{START} rt=9 up=0.002, 0.040 : 0.01", f"{START} rt=9 up=-", f"{START} rt=9 up=0.5"],
        [0.052, None, 0.5],
    ),
    '%h %l %u %t \\"%r\\" %>s %b %D': ([f"{START} 1500", f"{START} 0"], [0.0015, 0.0]),
    '%h %l %u %t \\"%r\\" %>s %b %T': ([f"{START} 2"] * 2, [2, 2]),
    '%h %l %u %t \\"%r\\" %>s %b %{ms}T': ([f"{START} 2"] * 2, [0.002, 0.002]),
    "ingress-nginx": (
        [
            f"{INGRESS} 10.1.0.1:80, 10.1.0.2:80 0, 70 0.1, 0.2 502, 200 x",
            f"{INGRESS} 10.1.0.1:80 70 0.002 200 abc",
            f"{INGRESS} - - - - abc",
        ],
        [0.3, 0.002, None],
    ),
    "alb": ([ALB % "0.02", ALB % "-1"], [0.02, None]),
    "envoy": (
        ['[2024-05-06T07:08:0{n}.250Z] "GET /a HTTP/2" 200 - 0 70 12 11 "-" "ua" "id" "h"'] * 2,
        [0.012, 0.012],
    ),
    "haproxy": (
        [HAPROXY % ("0/0/1/2/3", 200), HAPROXY % ("0/-1/-1/-1/3", 503)],
        [0.002, None],
    ),
}


SERVERS = [("0.002, 0.040 : 0.01", 0.052), ("0.5", 0.5), ("0.1 : 0.2", 0.3), ("-", None)]


@pytest.mark.parametrize("behind", ["", " $request_id", " $upstream_status $host", "; $host"])
def test_servers_parted_by_a_colon_are_all_counted(tmp_path, behind):
    form = '$remote_addr [$time_local] "$request" $status $upstream_addr $upstream_response_time'
    form += behind
    shown = behind.replace("$upstream_status", "200 : 502").replace("$", "x")
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f'192.0.2.7 [06/May/2024:07:08:0{n} +0000] "GET /a HTTP/1.1" 200 '
            f"10.1.0.1:80 : 10.1.0.2:80 {times}{shown}\n"
            for n, (times, _) in enumerate(SERVERS)
        )
    )
    found = seconds(path, log_format=form)
    for value, (_, wanted) in zip(found, SERVERS, strict=True):
        assert value == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize("form", LOGS)
def test_logs_say_it_in_their_servers_words(tmp_path, form):
    lines, wanted = LOGS[form]
    path = tmp_path / "access.log"
    path.write_text("".join(f"{line.format(n=n)}\n" for n, line in enumerate(lines)))
    found = read_trace(path, log_format=form)
    assert len(found) == len(lines)
    assert seconds(path, log_format=form) == wanted


def test_a_log_that_begins_short_still_has_the_times_of_later_lines(tmp_path):
    lines = [START.format(n=n % 10) for n in range(50)]
    lines += [f"{START.format(n=9)} 0.5"] * 10
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    form = next(iter(LOGS))
    assert seconds(path, log_format=form) == [None] * 50 + [0.5] * 10


def test_writes_that_were_refused_take_their_times_with_them(tmp_path):
    lines = [f"{START.format(n=n)} 0.{n}" for n in range(4)]
    lines[1] = lines[1].replace("GET", "PUT").replace(" 200 ", " 500 ")
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    assert seconds(path, log_format=next(iter(LOGS))) == [0.0, 0.2, 0.3]


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("upstream_response_time", "0.002, 0.04", 0.042),
        ("request_time", 0.5, 0.5),
        ("duration", 0.5, 0.5),
        ("duration_ms", 12, 0.012),
        ("OriginDuration", 12_000_000, 0.012),
        ("responseTime", 12, 0.012),
        ("duration", "12ms", 0.012),
        ("duration", -1, None),
        ("duration", True, None),
    ],
)
def test_objects_of_json(tmp_path, field, value, wanted):
    path = tmp_path / "access.json"
    rows = [{"url": f"/{n}", "time": n, field: value} for n in range(2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert seconds(path) == (None if wanted is None else [wanted] * 2)


def test_an_object_within_another_names_the_unit(tmp_path):
    path = tmp_path / "access.json"
    rows = [{"url": "/a", "time": n, "httpRequest": {"latency": "0.25s"}} for n in range(2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert seconds(path) == [0.25, 0.25]


def test_har_waits_for_a_server_and_not_for_its_own_cache(tmp_path):
    def entry(second, wait, **more):
        return {
            "startedDateTime": f"2024-05-06T07:08:0{second}Z",
            "request": {"method": "GET", "url": "https://h/a"},
            "response": {"status": 200, "content": {"size": 7}},
            "timings": {"send": 1, "wait": wait, "receive": 2},
            **more,
        }

    path = tmp_path / "page.har"
    entries = [entry(0, 12.5), entry(1, 0.1, _fromCache="disk"), entry(2, -1)]
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    assert seconds(path) == [0.0125, None, None]
