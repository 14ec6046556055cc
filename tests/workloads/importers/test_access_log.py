from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers.log_names import NAMES, named_format
from perflab.workloads.read import read_arrivals

# 2024-05-06T07:08:09 is that many seconds after 1970.
AT = 1_714_979_289
STAMP = "06/May/2024:07:08:{:02}"
ISO = "2024-05-06T07:08:{:02}"

# By name: two lines of a GET of /a and of /b?c=1, a second apart; URL and size of the second.
LINES = {
    "envoy": (
        '[{iso}.250Z] "GET {url} HTTP/2" 200 - 0 70 12 11 "-" "ua" "id" "host" "10.1.0.1:80"',
        "GET /b?c=1",
        70,
    ),
    "alb": (
        (
            "h2 {iso}.250000Z app/x/1 192.0.2.7:99 10.1.0.1:80 0.001 0.002 0.000 200 200 34 70 "
            '"GET https://h:443{url} HTTP/2.0" "ua (x; y)" TLS - arn:x "-" "-" "-" 0'
        ),
        "GET https://h:443/b?c=1",
        70,
    ),
    "elb": (
        (
            "{iso}.250000Z web 192.0.2.7:99 10.1.0.1:80 0.001 0.002 0.000 200 200 0 70 "
            '"GET http://h:80{url} HTTP/1.1" "ua" - -'
        ),
        "GET http://h:80/b?c=1",
        70,
    ),
    "s3": (
        (
            "79a shop [{apache} +0000] 192.0.2.7 arn:x 3E57 REST.GET.OBJECT k "
            '"GET {url} HTTP/1.1" 200 - 70 70 12 11 "-" "ua" - x SigV4'
        ),
        "GET /b?c=1",
        70,
    ),
    "haproxy": (
        (
            "May  6 07:08:09 lb haproxy[7]: 192.0.2.7:99 [{apache}.250] web~ app/a1 "
            '0/0/1/2/3 200 70 - - ---- 1/1/0/0/0 0/0 {{h|ua}} "GET {url} HTTP/1.1"'
        ),
        "GET /b?c=1",
        70,
    ),
    "squid": (
        "{epoch}.250     12 192.0.2.7 TCP_HIT/200 70 GET http://h{url} - HIER_NONE/- text/html",
        "GET http://h/b?c=1",
        70,
    ),
    "uvicorn": ('INFO:     192.0.2.7:99 - "GET {url} HTTP/1.1" 200 OK', "GET /b?c=1", None),
    "nginx-proxy-manager": (
        (
            '[{apache} +0000] - 200 200 - GET https h "{url}" [Client 192.0.2.7] '
            '[Length 70] [Gzip -] [Sent-to 10.1.0.1] "ua" "-"'
        ),
        "GET /b?c=1",
        70,
    ),
    "ingress-nginx": (
        (
            '192.0.2.7 - - [{apache} +0000] "GET {url} HTTP/2.0" 200 70 "-" "ua" 34 0.002 '
            "[shop-80] [] 10.1.0.1:80 70 0.002 200 abc"
        ),
        "GET /b?c=1",
        70,
    ),
    "iis": (
        "#Software: x\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status sc-bytes",
        "GET /b?c=1",
        70,
    ),
}
IIS = "2024-05-06 07:08:{:02} GET {} {} 200 70"


def content(name):
    if name == "iis":
        return "\n".join([LINES[name][0], IIS.format(9, "/a", "-"), IIS.format(10, "/b", "c=1")])
    rows = [(9, "/a"), (10, "/b?c=1")]
    return "\n".join(
        LINES[name][0].format(
            iso=ISO.format(second),
            apache=STAMP.format(second),
            epoch=AT + second - 9,
            url=url,
        )
        for second, url in rows
    )


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "detected"])
def test_a_line_of_each_server_is_read(write, keys_of, name, is_named):
    path = write("requests.log", content(name) + "\n")
    trace = read_trace(path, log_format=name if is_named else None)
    _, key, size = LINES[name]
    assert keys_of(trace)[1] == key
    assert len(trace) == 2
    assert (trace.sizes is None) == (size is None)
    if size is not None:
        assert trace.sizes.tolist() == [size, size]
        assert int(trace.times[0]) == AT
        assert trace.times[1] - trace.times[0] == pytest.approx(1.0)


WRAPPERS = {
    "docker": lambda line: json.dumps({"log": f"{line}\n", "stream": "stdout", "time": "x"}),
    "kubernetes": lambda line: f"2024-05-06T07:08:09.123456789Z stdout F {line}",
    "compose": lambda line: f"web-1  | {line}",
    "syslog": lambda line: f"<190>May  6 07:08:09 web nginx: {line}",
    "rfc5424": lambda line: f"<190>1 2024-05-06T07:08:09.1Z web nginx 7 - - {line}",
    "journald": lambda line: json.dumps({"MESSAGE": line, "_PID": "7"}),
    "shipper": lambda line: json.dumps({"@timestamp": "2024", "message": line}),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("inner", ["envoy", "ingress-nginx", "json"])
def test_what_stands_around_each_line_is_taken_off(write, keys_of, wrapper, inner):
    if inner == "json":
        lines = [json.dumps({"ts": AT + n, "uri": f"/{n}"}) for n in range(2)]
        expected = ["/0", "/1"]
    else:
        lines = content(inner).splitlines()
        expected = ["GET /a", "GET /b?c=1"]
    path = write("a.log", "".join(f"{WRAPPERS[wrapper](line)}\n" for line in lines))
    trace = read_trace(path)
    assert keys_of(trace) == expected
    assert trace.times[1] - trace.times[0] == pytest.approx(1.0)


OWN = {
    "nginx": (
        "log_format main '$http_host|$msec|$request_method|' '$scheme://$host$request_uri|$status';",
        "h|1714979289.5|GET|https://h/a b?c|200",
        "GET /a b?c",
    ),
    "nginx-pairs": (
        'time="$time_iso8601" verb="$request_method" path="$uri$is_args$args"',
        'time="2024-05-06T09:08:09+02:00" verb="GET" path="/a?b"',
        "GET /a?b",
    ),
    "apache": (
        'LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\"" vhosts',
        'h:80 192.0.2.7 - Jane Doe [06/May/2024:07:08:09 +0000] "GET /a HTTP/1.1" 200 70 "-"',
        "GET /a",
    ),
    "apache-time": (
        "%{%Y-%m-%d %H:%M:%S}t %m %U%q %>s %B",
        "2024-05-06 07:08:09 GET /a?b 200 70",
        "GET /a?b",
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_log_is_described_by_its_own_servers_words(write, keys_of, name):
    form, line, key = OWN[name]
    trace = read_trace(write("a.txt", f"{line}\n" * 2), log_format=form)
    assert keys_of(trace) == [key, key]
    assert int(trace.times[0]) == AT


def test_writes_of_a_named_format_are_no_reads(write):
    line = LINES["alb"][0].format(iso=ISO.format(9), apache="", epoch=0, url="/a")
    put, refused = line.replace("GET", "PUT"), line.replace("GET", "PUT").replace(" 200 ", " 403 ")
    trace = read_trace(write("a.log", f"{line}\n{put}\n{refused}\n{line}\n"))
    assert trace.n_keys == 1
    assert trace.operations.tolist() == [0, 4, 0]
    assert any("answered with an error: PUT 1" in note for note in trace.notes)


def test_several_hosts_that_are_not_in_the_key_are_told(write):
    form = '$host [$time_local] "$request" $status'
    lines = [f'{host} [06/May/2024:07:08:09 +0000] "GET /a HTTP/1.1" 200\n' for host in ("x", "y")]
    path = write("a.log", "".join(lines))
    trace = read_trace(path, log_format=form)
    assert trace.n_keys == 1
    assert "the host (x, y ...) is not in the key" in " ".join(trace.notes)
    named = read_trace(path, log_format=form, columns={"key": "{method} {host}{target}"})
    assert named.n_keys == 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("combned", "did you mean|unknown log format"),
        ("$remote_addr $status", "has no request"),
        ("$remote_addr$status $request", "nothing stands between"),
        ("%h %Z %r", "%Z is not known"),
        ("%{%A}t %r", "the time"),
    ],
)
def test_a_format_that_cannot_be_is_refused(write, form, said):
    with pytest.raises(BadInputError, match=said):
        read_trace(write("a.log", "x\n"), log_format=form)


def test_every_name_is_of_a_format(write):
    for name in NAMES:
        if name not in ("w3c", "iis", "cloudfront", "caddy", "logfmt", "heroku"):
            assert named_format(name).fields
    with pytest.raises(BadInputError, match="applies only to logs"):
        read_trace(write("a.csv", "key\na\n"), "csv", log_format="alb")


def test_long_lines_are_looked_at_in_no_time(write):
    path = write("a.log", "[06/May/2024:00:00:00 " + '[" GET / ' * 20_000 + "\n")
    with pytest.raises(BadInputError):
        read_trace(path)


def test_columns_by_number_and_tables_of_blanks(write, keys_of):
    path = write("a.csv", f"{AT}000,k0,5\n{AT + 1}000,k1,6\n")
    trace = read_trace(path, columns={"key": "2", "time": "1", "size": "3"}, no_header=True)
    assert keys_of(trace) == ["k0", "k1"]
    assert (trace.times - AT).tolist() == [0, 1]
    path = write("b.txt", "  when   key\n   1500  a\n 2500\tb  \n")
    columns = {"time": "when"}
    trace = read_trace(path, columns=columns, separator="blank", time_unit="ms")
    assert keys_of(trace) == ["a", "b"]
    assert trace.times.tolist() == [1.5, 2.5]
    with pytest.raises(BadInputError, match="no_header"):
        read_trace(path, "json", no_header=True)


@pytest.mark.parametrize(
    ("heading", "unit", "times"),
    [
        ("time (ms),key", None, ["0", "2000"]),
        ("timestamp_us,url", None, ["0", "2000000"]),
        ("ts,id", "ns", ["0", "2000000000"]),
        ("@timestamp,path", "ms", ["2024-05-06T07:08:09Z", "2024-05-06T07:08:11Z"]),
    ],
)
def test_the_unit_of_times_is_named_or_told_by_the_heading(write, heading, unit, times):
    rows = "".join(f"{time},k{n}\n" for n, time in enumerate(times))
    trace = read_trace(write("a.csv", f"{heading}\n{rows}"), time_unit=unit)
    assert trace.times[1] - trace.times[0] == 2.0
    assert any(note.startswith("times: ") for note in trace.notes)


def test_units_are_of_json_and_arrivals_too(write):
    lines = [json.dumps({"ts": n * 1000, "key": "a"}) + "\n" for n in range(3)]
    assert read_trace(write("a.json", "".join(lines)), time_unit="ms").times.tolist() == [0, 1, 2]
    path = write("b.csv", "start,duration\n0,0.5\n2000,0.5\n")
    assert read_arrivals(path, time_unit="ms").times.tolist() == [0, 2]
    with pytest.raises(BadInputError, match="unknown unit"):
        read_trace(path, time_unit="hours")


def test_a_lifetime_of_minus_one_is_none(write):
    trace = read_trace(write("a.csv", "key,ttl\na,-1\nb,60\n"))
    assert trace.ttls[1] == 60
    assert trace.ttls[0] != trace.ttls[0]
    assert read_trace(write("b.csv", "key,ttl\na,-1\n")).ttls is None


def test_a_log_that_begins_with_a_bracket_is_not_taken_for_json(write):
    path = write("a.log", "[2024-05-06T07:08:09+00:00] - h - GET - /a\n" * 5)
    with pytest.raises(BadInputError, match="--log-format"):
        read_trace(path)
    form = "[$time_iso8601] - $host - $request_method - $request_uri"
    assert len(read_trace(path, log_format=form)) == 5
