"""Results of JMeter, vegeta and hey, as they write them: a row for each request."""

from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_tests.load_test import read_load_test

START = 1_714_979_288
JMETER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
    "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
HEY = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n"


def jmeter(start, taken, users, failed, message="OK"):
    told = f"{500 if failed else 200},{message},g 1-1,text,{str(not failed).lower()}"
    moment = f"{(START + start) * 1000:.0f},{taken * 1000:.0f}"
    return f"{moment},home,{told},,512,99,{users},{users},http://h/,9,0,1\n"


def vegeta(start, taken, users, failed):
    moment = f"{START + int(start)}{round(start % 1 * 1e9):09}"
    return f'{moment},{500 if failed else 200},{taken * 1e9:.0f},0,512,"","YQ==","",7,GET,http://h/,""\n'


def hey(start, taken, users, failed):
    return f"{taken:.4f},0.0001,0,0,{taken:.4f},0,{500 if failed else 200},{start:.4f}\n"


def closed(row, *levels, taken=0.05, lasting=6):
    """Return requests of so many users each, who ask again at once; one of ten fails."""
    found, now = [], 0.0
    for users in levels:
        for turn in range(round(lasting / taken)):
            found += [
                row(now + turn * taken, taken, users, user % 10 == 9) for user in range(users)
            ]
        now += lasting
    return "".join(found)


def read(tmp_path, content, name="results.csv"):
    path = tmp_path / name
    path.write_text(content)
    return read_load_test(str(path))


@pytest.mark.parametrize(
    ("tool", "header", "row"),
    [("JMeter", JMETER, jmeter), ("vegeta", "", vegeta), ("hey", HEY, hey)],
)
def test_levels_of_each_tool_are_found(tmp_path, tool, header, row):
    test = read(tmp_path, header + closed(row, 1, 10, 40, lasting=10))
    assert test.tool == tool
    assert test.at_rate == (tool != "JMeter")
    assert len(test.levels) == 3
    for level, users in zip(test.levels, (1, 10, 40), strict=True):
        assert level.in_flight == pytest.approx(users, rel=0.1)
        assert level.users == pytest.approx(users, rel=0.1)
        assert level.mean == pytest.approx(0.05)
        assert level.error_share == pytest.approx(0 if users == 1 else 0.1, rel=0.01)
    assert test.levels[1].throughput == pytest.approx(180, rel=0.1)
    said = " | ".join(test.remarks())
    assert ("counts no users" in said) == (tool != "JMeter")


def test_a_last_second_is_as_long_as_it_lasted(tmp_path):
    level = read(tmp_path, HEY + closed(hey, 10, lasting=2.5)).levels[0]
    assert level.seconds == pytest.approx(2.5, abs=0.01)
    assert level.in_flight == pytest.approx(10, rel=0.01)


def test_transactions_of_jmeter_are_not_counted_beside_their_requests(tmp_path):
    rows = closed(jmeter, 4)
    words = "Number of samples in transaction : 2"
    whole = jmeter(1, 3.0, 4, failed=False, message=words)
    assert read(tmp_path, JMETER + rows + whole).levels == read(tmp_path, JMETER + rows).levels


def test_a_second_in_which_nothing_ended_counts(tmp_path):
    some = [jmeter(at / 10, 0.05, 2, failed=False) for at in range(100) if not 30 <= at < 50]
    level = read(tmp_path, JMETER + "".join(some)).levels[0]
    assert level.throughput == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (JMETER + "soon,1" + "," * 15 + "\n", "'soon' is not a number for timeStamp"),
        (JMETER + "1,-5" + "," * 15 + "\n", "'-5' is not a valid elapsed"),
        (HEY + "0.1,0,0,0,0,0,200,x\n", "'x' is not a number for offset"),
        (HEY, "no second in which users"),
        (HEY + "0.1,0,0,0,0,0,200,0\n0.1,0,0,0,0,0,200,9999999\n", "spread over more than"),
        (vegeta(0, 0.1, 1, failed=False) + "1,2,x,,,,,,,,,\n", "csv:2: 'x' is not a number"),
        ("1,2,3,4,5,6,7,8,9\n", "is not a result of k6, Locust, JMeter, vegeta, hey or wrk"),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path, content, words):
    with pytest.raises(BadInputError, match=words):
        read(tmp_path, content)
