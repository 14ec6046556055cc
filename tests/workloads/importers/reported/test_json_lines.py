"""JSON logs and exports of public reports: roles, what stands around objects, numbers."""

import json

import pytest
from reported import (
    COUNT,
    KEYS,
    MOMENTS,
    apache,
    check_requests,
    iso,
    json_lines,
    table,
    url,
    written,
)

from perflab.errors import BadInputError
from perflab.workloads import read_trace

NGINX = "@nginx_fields"
LINE = "GET {} HTTP/1.1"
ROLES = {
    "allinurl/goaccess#2404": lambda i: {
        "time": iso(i),
        "request_method": "GET",
        "request_uri": url(i),
        "request_length": 700,
        "request_time": 0.25,
        "body_bytes_sent": 100,
        "bytes_sent": 300,
    },
    "allinurl/goaccess#2338": lambda i: {
        "@timestamp": iso(i),
        "request": LINE.format(url(i)),
        "body_bytes_sent": "100",
        "time_local": "-",
        "uri": "/index.php",
        "request_time": "0.011",
    },
    "allinurl/goaccess#634": lambda i: {
        "time_iso8601": iso(i),
        "status": "200",
        "bytes_sent": "100",
        "uri": url(i),
        "query_string": "?",
    },
    "allinurl/goaccess#1017": lambda i: {
        "time_local": apache(i),
        "request": LINE.format(url(i)),
        "status": 200,
        "body_bytes_sent": 100,
        "request_time": "0.015",
    },
    "allinurl/goaccess#359": lambda i: {
        "@timestamp": iso(i),
        "size": 100,
        "responsetime": 0.074,
        "uri": "/index.php",
        "request_uri": url(i),
    },
    "allinurl/goaccess#1452": lambda i: {
        "timestamp": iso(i),
        NGINX: {"url": url(i), "size": 100, "request": LINE.format(url(i))},
    },
    "Cloudflare docs, HTTP requests": lambda i: {
        "ClientRequestURI": url(i),
        "EdgeStartTimestamp": MOMENTS[i] * 10**9,
        "EdgeResponseBytes": 100,
        "RayID": f"ray{i}",
    },
    "elastic docs, elasticdump": lambda i: {
        "_index": "nginx",
        "_id": f"x{i}",
        "_source": {
            "@timestamp": iso(i),
            "url": {"original": url(i)},
            "http": {"response": {"body": {"bytes": 100}}},
        },
    },
    "AWS docs, $context of API Gateway": lambda i: {
        "requestId": f"c{i}",
        "requestTime": apache(i),
        "path": url(i),
        "responseLength": "100",
    },
    "MongoDB docs, Extended JSON": lambda i: {
        "_id": {"$oid": f"{i:024x}"},
        "ts": {"$date": iso(i)},
        "url": url(i),
        "bytes": 100,
    },
    "fluent/fluent-bit#506": lambda i: {
        "instant": {"epochSecond": MOMENTS[i], "nanoOfSecond": 5},
        "uri": url(i),
        "size": 100,
    },
    "Azure docs, FrontDoorAccessLog": lambda i: {
        "time": iso(i),
        "properties": {"requestUri": url(i), "responseBytes": "100", "timeTaken": "0.25"},
    },
}


@pytest.mark.parametrize("source", ROLES)
def test_roles_are_found(source, write):
    trace = read_trace(write("a.json", json_lines(ROLES[source])))
    assert check_requests(trace) == 0
    assert trace.sizes.tolist() == [100] * COUNT


def test_a_request_line_says_what_was_written(write):
    """allinurl/goaccess#1017"""

    def fields(i):
        method = ("POST", "GET", "GET")[i % 3]
        return {
            "time": MOMENTS[i],
            "request": f"{method} {url(i)} HTTP/{i % 2 + 1}.0",
            "status": 200,
        }

    trace = read_trace(write("a.json", json_lines(fields)))
    assert check_requests(trace) == 0
    assert [code != 0 for code in trace.operations] == [i % 3 == 0 for i in range(COUNT)]


def test_units_go_with_fields_within_others(write):
    """traefik/traefik and pinojs/pino-http, their READMEs"""
    pino = write(
        "p.json", json_lines(lambda i: {"time": 1, "req": {"url": "/a"}, "responseTime": 4})
    )
    assert read_trace(pino).backend_seconds.tolist() == [0.004] * COUNT
    ecs = json_lines(
        lambda i: {"_source": {"url": {"path": "/a"}, "event": {"duration": 5_000_000}}}
    )
    assert read_trace(write("e.json", ecs)).backend_seconds.tolist() == [0.005] * COUNT


OBJECTS = [{"time": MOMENTS[i], "url": url(i)} for i in range(COUNT)]
AROUND = {
    "AWS docs, CloudTrail log file": json.dumps({"Records": OBJECTS}),
    "elastic docs, search API": json.dumps({"took": 3, "hits": {"total": 24, "hits": OBJECTS}}),
    "AWS docs, Firehose without delimiter": "".join(map(json.dumps, OBJECTS)),
    "objects parted by blanks": " ".join(map(json.dumps, OBJECTS)),
    "rust-lang/flate2-rs#23": "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]",
    "a trailing comma per line": "".join(json.dumps(each) + ",\n" for each in OBJECTS),
    "Python docs, json and NaN": "".join(
        json.dumps({**each, "size": float("nan")}) + "\n" for each in OBJECTS
    ),
}


@pytest.mark.parametrize("source", AROUND)
def test_objects_are_found_in_what_is_around(source, write):
    assert check_requests(read_trace(write("a.json", AROUND[source]))) == 0


REFUSED = {
    "pandas docs, to_json by columns": (
        json.dumps({"time": MOMENTS, "url": [url(i) for i in range(COUNT)]}),
        "orient='records'",
    ),
    "Python docs, repr of a dict": ("".join(f"{each}\n" for each in OBJECTS), "json.dumps"),
    "an array cut off": ("[\n" + json.dumps(OBJECTS[0]) + ",\n", "is cut off"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_way_on(source, write):
    content, words = REFUSED[source]
    with pytest.raises(BadInputError, match=words):
        read_trace(write("a.json" if content[:1] != "{" or content[1] == '"' else "a.txt", content))


BASES = {
    "tableau/tableau-log-viewer#104": 9223372036855065056,
    "jqlang/jq#1783": 9224851642388483,
    "triggerdotdev/jsonhero-web#144": 1610521604143693812,
    "dflemstr/rq#162": 6000000000000002181,
    "flux-framework/flux-core#6171": 2**64 + 11,
    "bcicen/jstream#13": 144126219108390099 * 10**12,
}


@pytest.mark.parametrize("source", BASES)
@pytest.mark.parametrize("form", ["lines", "array", "table"])
def test_long_ids_stay_apart(source, form, write):
    ids = [BASES[source] + key for key in KEYS]
    if form == "table":
        path = write("a.csv", table("time,id", lambda i: (MOMENTS[i], ids[i])))
    else:
        objects = [{"time": MOMENTS[i], "id": ids[i]} for i in range(COUNT)]
        text = json.dumps(objects) if form == "array" else "\n".join(map(json.dumps, objects))
        path = write("a.json", text)
    trace = read_trace(path)
    assert check_requests(trace) == 0
    assert [str(trace.key_of(each)) for each in trace.ids] == list(map(str, ids))


def test_sizes_with_a_unit_in_the_text_are_told(write):
    path = write("a.json", json_lines(lambda i: {"url": url(i), "size": "10KB"}))
    trace = read_trace(path)
    assert trace.sizes is None
    assert any("no size is known of 24 requests" in note for note in trace.notes)


def test_several_metrics_of_k6_are_refused(write):
    """grafana/k6#2839"""

    def point(i, metric):
        tags = {"url": url(i), "method": "GET"}
        data = {"time": written("%Y-%m-%dT%H:%M:%S.088631+00:00", i), "value": 1, "tags": tags}
        return json.dumps({"metric": metric, "type": "Point", "data": data}, separators=(",", ":"))

    metrics = ("http_reqs", "http_req_duration")
    both = [point(i, metric) for i in range(COUNT) for metric in metrics]
    with pytest.raises(BadInputError, match="keep one metric"):
        read_trace(write("k6.json", "\n".join(both)))
    kept = [line for line in both if '"metric":"http_reqs"' in line]
    assert check_requests(read_trace(write("one.json", "\n".join(kept)))) == 0.08863
