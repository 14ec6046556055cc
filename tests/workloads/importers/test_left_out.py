"""What of a file is left out, lost or counted twice is said with its trace or arrivals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.read import read_arrivals

STAMP = "10/Jun/2024:06:13:{:02d} +0000"


def said(workload):
    return " | ".join(workload.notes)


def combined(targets):
    lines = (
        f'192.0.2.1 - - [{STAMP.format(n)}] "GET {target}" 200 5 "-" "ua"\n'
        for n, target in enumerate(targets)
    )
    return "".join(lines)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/a b.pdf HTTP/1.1", "/a b.pdf"),
        ("/x HTML.pdf HTTP/2.0", "/x HTML.pdf"),
        ("/search?q=red shoes", "/search?q=red shoes"),
        ("/d e f HTTP/1.0", "/d e f"),
        ("/b", "/b"),
        ("/a%20b HTTP/1.1", "/a%20b"),
        ("/HTTP/x HTTP/1.1", "/HTTP/x"),
    ],
)
def test_a_url_ends_at_the_last_blank_before_the_protocol(write, target, key):
    trace = read_trace(write("access.log", combined(["/ HTTP/1.1", target, "/ HTTP/2.0"])))
    assert [trace.key_of(n) for n in trace.ids] == ["GET /", f"GET {key}", "GET /"]
    assert said(trace) == ""


def test_one_and_the_same_key_in_every_request_is_doubted(write):
    assert "one and the same key" in said(read_trace(write("a.csv", "key\n" + "a\n" * 10)))
    assert "one and the same key" not in said(read_trace(write("b.csv", "key\n" + "a\n" * 9)))
    assert "one and the same key" not in said(read_trace(write("c.csv", "key\n" + "a\nb\n" * 9)))


@pytest.mark.parametrize(
    ("role", "field"),
    [("size", "bytes"), ("time", "ts"), ("ttl", "ttl"), ("size", "body_bytes_sent")],
    ids=["size", "time", "ttl", "nginx"],
)
@pytest.mark.parametrize("first", [{}, None], ids=["missing", "null"])
def test_what_only_the_first_object_lacks_is_read_of_the_others(write, role, field, first):
    objects = [{"uri": f"/{n % 3}", field: 1_700_000_000 + n} for n in range(9)]
    del objects[0][field]
    objects[0] |= {} if first is not None else {field: None}
    path = write("a.json", "".join(json.dumps(each) + "\n" for each in objects))
    trace = read_trace(path)
    assert {"size": trace.sizes, "time": trace.times, "ttl": trace.ttls}[role] is not None
    assert ("1 of 9 lines skipped" in said(trace)) == (role == "time")
    assert ("size of 1 of 9 requests is not known" in said(trace)) == (role == "size")


def har(entries):
    return json.dumps({"log": {"entries": entries}})


def entry(second, url="https://a.example/p", status=200, **more):
    return {
        "startedDateTime": f"2024-06-10T06:13:{second:02d}.000Z",
        "time": 10,
        "request": {"method": "GET", "url": url},
        "response": {"status": status, "content": {"size": 100}},
        **more,
    }


NO_REQUESTS = {
    "data: 1": entry(3, "data:image/png;base64,AAAA"),
    "blob: 1": entry(3, "blob:https://a.example/1"),
    "moz-extension: 1": entry(3, "moz-extension://abc/x.js"),
    "about: 1": entry(3, "about:blank"),
    "websockets 1": entry(3, "wss://a.example/s", 101),
    "without an answer 1": entry(3, "https://blocked.example/", 0),
}


@pytest.mark.parametrize("kind", NO_REQUESTS)
def test_entries_of_a_browser_that_asked_no_server_are_left_out(write, kind):
    path = write("a.har", har([entry(1), NO_REQUESTS[kind], entry(2)]))
    for workload in (read_trace(path), read_arrivals(path)):
        assert len(workload) == 2
        assert f"left out, since no server was asked: {kind}" in said(workload)


@pytest.mark.parametrize(
    "mark",
    [
        {"_fromCache": "memory"},
        {"_fromCache": "disk"},
        {"status": 304, "_transferSize": 0},
    ],
    ids=["memory", "disk", "revalidated"],
)
def test_what_a_browser_had_is_a_request_of_a_cache_alone(write, mark):
    path = write("a.har", har([entry(1), entry(2, **mark), entry(3)]))
    assert len(read_trace(path)) == 3
    arrivals = read_arrivals(path)
    assert len(arrivals) == 2
    assert "from the browser's cache 1" in said(arrivals)


def test_a_browser_s_file_without_requests_says_what_it_holds(write):
    path = write("a.har", har([NO_REQUESTS["data: 1"]] * 3))
    with pytest.raises(BadInputError, match=r"has no request .*data: 3"):
        read_trace(path)


def test_a_log_with_an_object_per_line_is_no_browser_s_file(write):
    lines = [{"log": {"level": "info"}, "url": f"/{n % 3}", "ts": n + 1e9} for n in range(9)]
    path = write("ecs.log", "".join(json.dumps(line) + "\n" for line in lines))
    assert read_trace(path).n_keys == 3
    assert len(read_trace(write("one.txt", har([entry(1), entry(2)])))) == 2


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        (("prxy", "hm"), "2 hosts in one file (prxy, hm)"),
        (("a", "b", "c"), "3 hosts"),
        (("usr",), ""),
    ],
    ids=["two", "three", "one"],
)
def test_block_traces_of_several_hosts_have_the_host_in_the_key(write, hosts, told):
    lines = [
        f"{128166372003061629 + n * 10**7},{hosts[n % len(hosts)]},0,Read,{n // 3 * 4096},4096,9\n"
        for n in range(30)
    ]
    notes = said(read_trace(write("a.csv", "".join(lines))))
    assert ("the host is in the key" in notes) == bool(told)
    assert told in notes


def postgres(*messages, zone="UTC"):
    zones = [zone] * len(messages) if isinstance(zone, str) else zone
    return "".join(
        f"2024-03-01 10:00:{n:02d}.100 {name} [7] LOG:  duration: 15.000 ms{message}\n"
        for n, (message, name) in enumerate(zip(messages, zones, strict=True))
    )


PLAN, STATEMENT, BARE = "  plan:\n\tQuery Text: SELECT 1", "  statement: SELECT 1", ""


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ((PLAN, STATEMENT) * 3, "3 of 6 requests are plans of auto_explain"),
        ((PLAN, "  execute s: SELECT 1", STATEMENT), "1 of 3 requests are plans"),
        ((PLAN,) * 4, ""),
        ((STATEMENT,) * 4, ""),
        ((BARE,) * 3, "3 of 3 durations stand without their statement"),
        ((BARE, BARE, BARE, BARE, STATEMENT), "4 of 5 durations stand without"),
        ((BARE, STATEMENT), ""),
    ],
    ids=["each", "some", "plans", "statements", "bare", "bare-some", "one-bare"],
)
def test_statements_that_may_be_logged_twice_are_told(write, messages, told):
    arrivals = read_arrivals(write("postgresql.log", postgres(*messages)))
    assert len(arrivals) == len(messages)
    assert told in said(arrivals)
    assert bool(told) == bool(arrivals.notes)


@pytest.mark.parametrize(
    ("zones", "told"),
    [
        (("CET", "CEST"), "zones: CEST as UTC+02:00, CET as UTC+01:00"),
        (("UTC", "BST"), "zones: BST as UTC+01:00"),
        (("EST", "EDT"), "zones: EDT as UTC-04:00, EST as UTC-05:00"),
        (("CDT", "CST"), "zones: CDT as UTC-05:00, CST as UTC-06:00"),
        (("CST", "CST"), "the zone CST is read as UTC; only gaps matter"),
        (("CST", "UTC"), "CST may mean several and is read as UTC, so the gap"),
        (("CET", "CET"), "zones: CET as UTC+01:00"),
        (("UTC", "UTC"), ""),
        (("+02", "+01"), ""),
    ],
    ids=["central", "british", "eastern", "chicago", "cst", "mixed", "one", "utc", "offsets"],
)
def test_a_log_says_how_its_zones_were_read(write, zones, told):
    path = write("postgresql.log", postgres(STATEMENT, STATEMENT, zone=zones))
    arrivals = read_arrivals(path)
    assert told in said(arrivals)
    assert bool(told) == bool(arrivals.notes)


@pytest.mark.parametrize("inside", ["f", "false", "FALSE"])
def test_statements_inside_others_are_no_requests(write, inside):
    rows = f"toplevel,calls,mean_exec_time,seconds\nt,1000,20,1000\n{inside},1000,15,1000\n"
    arrivals = read_arrivals(write("a.csv", rows))
    assert len(arrivals) == 1000
    assert "left out: 1,000 calls that ran inside other statements" in said(arrivals)
    assert "of 1,000 calls of 1 statement," in said(arrivals)


@pytest.mark.parametrize(
    "first",
    ["1718000000,k0,4096", "k0,4096,1718000000.5", "-5,k,1e3"],
    ids=["seconds", "key-first", "signed"],
)
def test_a_table_without_heading_says_so(write, first):
    body = "".join(f"{n},k{n % 3},{n}\n" for n in range(1, 9))
    path = write("a.csv", f"{first}\n{body}")
    with pytest.raises(BadInputError, match="seems to have no heading"):
        read_trace(path)
    name = next(part for part in first.split(",") if part.startswith("k"))
    assert "is taken for the heading" in said(read_trace(path, columns={"key": name}))


def test_columns_of_pandas_that_are_numbers_are_no_lost_row(tmp_path):
    frame = pd.DataFrame({"0": np.arange(9), "key": ["a", "b", "c"] * 3})
    frame.to_parquet(tmp_path / "a.parquet")
    assert "heading" not in said(read_trace(tmp_path / "a.parquet"))


def test_sizes_beyond_64_bits_are_told(write):
    lines = [json.dumps({"key": f"k{n % 2}", "size": 10**19}) + "\n" for n in range(5)]
    trace = read_trace(write("a.json", "".join(lines)))
    assert trace.sizes is None
    assert "the size of 5 of 5 requests is beyond 64 bits" in said(trace)
