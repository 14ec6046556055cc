"""Times in the units and forms of public reports."""

import pytest
from reported import COUNT, MOMENTS, check_requests, iso, json_lines, known, table, url, written

from perflab.errors import BadInputError
from perflab.workloads import read_trace

WINDOWS = 11_644_473_600
# Each with what it is away from the moment in UTC, in seconds.
FORMS = [
    ("fluent/fluent-bit#754", lambda i: written("%a %b %d %H:%M:%S.514940 %Y", i), 0.51494),
    ("allinurl/goaccess#1728", lambda i: MOMENTS[i], 0),
    ("allinurl/goaccess#2438", lambda i: MOMENTS[i] + 0.244, 0.244),
    ("grafana/k6#2274", lambda i: MOMENTS[i] * 10**6, 0),
    ("grafana/k6-docs#1141", lambda i: MOMENTS[i] * 10**9, 0),
    ("grafana/k6#2839", lambda i: iso(i, ".088631+01:00"), 0.08863 - 3600),
    ("facebook/hermes#596", lambda i: iso(i, "+0900"), -9 * 3600),
    ("Java SE API, ZonedDateTime.toString", lambda i: iso(i, "+02:00[Europe/Berlin]"), -7200),
    ("MySQL manual, NOW()", lambda i: int(written("%Y%m%d%H%M%S", i)), 0),
    ("Win32 API, FILETIME", lambda i: (MOMENTS[i] + WINDOWS) * 10**7, 0),
    (".NET API, DateTime.Ticks", lambda i: (MOMENTS[i] + 62_135_596_800) * 10**7, 0),
    ("Chromium, base::Time", lambda i: (MOMENTS[i] + WINDOWS) * 10**6, 0),
    ("German dates, as spreadsheets show them", lambda i: written("%d.%m.%Y %H:%M:%S", i), 0),
]
IDS = [source for source, _, _ in FORMS]


@pytest.mark.parametrize(("source", "form", "away"), FORMS, ids=IDS)
def test_times_of_json_are_read(source, form, away, write):
    path = write("t.json", json_lines(lambda i: {"time": form(i), "url": url(i)}))
    assert check_requests(read_trace(path)) == pytest.approx(away, abs=2e-5)


@pytest.mark.parametrize(("source", "form", "away"), FORMS, ids=IDS)
def test_times_of_tables_are_read(source, form, away, write):
    path = write("t.csv", table("time;url", lambda i: (form(i), url(i)), ";"))
    assert check_requests(read_trace(path)) == pytest.approx(away, abs=2e-5)


@pytest.mark.parametrize("name", ["ts_ms", "timestampMs", "# timestamp (ms)"])
def test_the_unit_in_a_name_counts(name, write):
    """1a1a11a/libCacheSim#32"""
    path = write("t.csv", table(f"{name},object id", lambda i: (3000 * i, url(i))))
    assert check_requests(read_trace(path)) == -MOMENTS[0]


@pytest.mark.parametrize("form", ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%H:%M:%S"])
@pytest.mark.parametrize("name", ["t.csv", "t.json"])
def test_dates_that_two_countries_read_apart_are_refused(form, name, write):
    """pandas-dev/pandas, dayfirst of read_csv"""
    if name.endswith("csv"):
        content = table("time,url", lambda i: (written(form, i), url(i)))
    else:
        content = json_lines(lambda i: {"time": written(form, i), "url": url(i)})
    with pytest.raises(BadInputError, match="neither a number of seconds nor a date") as caught:
        read_trace(write(name, content))
    assert "write it as 2024-06-10T06:13:20Z" in caught.value.message


def test_times_that_a_spreadsheet_rounded_are_told(write):
    """Microsoft Support, Keeping leading zeros and large numbers"""
    path = write("t.csv", table("time,url", lambda i: (f"{MOMENTS[i] * 1000:.5E}", url(i))))
    assert any("one and the same time" in note for note in read_trace(path).notes)
    other = write("u.csv", table("time,url", lambda i: (MOMENTS[i] * 1000, url(i))))
    assert not any("one and the same time" in note for note in read_trace(other).notes)


TTLS = [
    ("Redis, PTTL", "ttl_ms", lambda i: 60_000 + i, lambda i: 60 + i / 1000),
    (
        "psql, \\pset null",
        "ttl",
        lambda i: "NULL" if i % 2 else 60,
        lambda i: None if i % 2 else 60,
    ),
    (
        "MySQL, SELECT INTO OUTFILE",
        "ttl",
        lambda i: "\\N" if i % 3 else 9,
        lambda i: None if i % 3 else 9,
    ),
    ("Redis, TTL of -1", "ttl", lambda i: -1 if i < 5 else 30, lambda i: None if i < 5 else 30),
    ("camel case", "ttlSeconds", lambda i: i + 1, lambda i: i + 1),
]


@pytest.mark.parametrize(("source", "name", "given", "right"), TTLS, ids=[t[0] for t in TTLS])
def test_lifetimes_are_seconds_or_none(source, name, given, right, write):
    path = write("t.csv", table(f"time,key,{name}", lambda i: (MOMENTS[i], i % 5, given(i))))
    assert known(read_trace(path).ttls) == pytest.approx([right(i) for i in range(COUNT)])


def test_a_lifetime_of_zero_is_none_by_cachelib(write):
    """facebook/CacheLib#306"""
    heading = "op_time,key,key_size,op,op_count,size,ttl"
    rows = table(heading, lambda i: (3 * i, i % 5, 4, "GET", 1, 82, 0 if i % 2 else 600))
    assert known(read_trace(write("kvcache.csv", rows)).ttls) == [
        None if i % 2 else 600 for i in range(COUNT)
    ]
