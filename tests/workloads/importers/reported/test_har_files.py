"""HAR files as browsers and proxies write them, by public reports."""

import json

import pytest
from reported import COUNT, check_requests, iso, known, url

from perflab.workloads import read_trace
from perflab.workloads.read import read_arrivals


def entry(i, **changed):
    made = {
        "startedDateTime": iso(i, ".000Z"),
        "time": 50.0,
        "request": {"method": "GET", "url": f"https://a.example{url(i)}"},
        "response": {"status": 200, "content": {"size": 100 + i}, "bodySize": 50},
        "timings": {"wait": 20},
    }
    for name, value in changed.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return made


def har(make):
    return json.dumps({"log": {"version": "1.2", "entries": [make(i) for i in range(COUNT)]}})


# Each with the seconds that its starts are away from UTC.
STARTS = {
    "ProxymanApp/Proxyman#2580": ("", 0),
    "ProxymanApp/Proxyman#865": (".271-04:00", 0.271 + 4 * 3600),
    "mitmproxy/mitmproxy#1257": (".271000", 0.271),
    "reqable/reqable-app#2918": (".486+08:00", 0.486 - 8 * 3600),
    "tor4kichi/Hohoema#971": ("+0900", -9 * 3600),
}


@pytest.mark.parametrize("source", STARTS)
def test_starts_are_read(source, write):
    end, away = STARTS[source]
    path = write("a.har", har(lambda i: entry(i, startedDateTime=iso(i, end))))
    assert check_requests(read_trace(path)) == pytest.approx(away, abs=1e-4)
    arrivals = read_arrivals(path)
    assert len(arrivals.times) == COUNT
    assert arrivals.times[0] == pytest.approx(1718000000 + away, abs=1e-4)


SIZES = {
    "sitespeedio/pagexray#6": ({"content": {"size": -1}, "bodySize": -1}, None),
    "ericduran/chromeHAR#75": ({"bodySize": -1}, [100 + i for i in range(COUNT)]),
    "louisabraham/har2requests#7": (
        {"content": {"size": 18060186, "compression": 17226601}},
        [18060186] * COUNT,
    ),
    "wkeeling/selenium-wire#263": ({"content": {}, "bodySize": 70}, [70] * COUNT),
    "sdstoehr/har-reader#18": ({"_transferSize": 9}, [100 + i for i in range(COUNT)]),
}


@pytest.mark.parametrize("source", SIZES)
def test_sizes_are_the_contents(source, write):
    response, right = SIZES[source]
    trace = read_trace(write("a.har", har(lambda i: entry(i, response=response))))
    if right is None:
        assert trace.sizes is None
        assert any("no size is known" in note for note in trace.notes)
    else:
        assert trace.sizes.tolist() == right


def test_the_first_entry_does_not_decide_alone(write):
    without = {"response": {"content": {}}}
    trace = read_trace(write("a.har", har(lambda i: entry(i, **(without if i == 0 else {})))))
    rest = [100 + i for i in range(1, COUNT)]
    assert trace.sizes.tolist() == [rest[len(rest) // 2], *rest]


def test_an_archive_of_another_name_keeps_its_durations(write):
    path = write("session.json", json.dumps(json.loads(har(entry)), indent=1))
    assert read_arrivals(path).durations.tolist() == pytest.approx([0.05] * COUNT)


def test_a_null_or_negative_time_is_not_known(write):
    """woodsaj/chromedriver_har#3"""
    times = [(None, 30, -1)[i % 3] for i in range(COUNT)]
    path = write("a.har", har(lambda i: entry(i, time=times[i])))
    assert known(read_arrivals(path).durations) == [0.03 if time == 30 else None for time in times]


def test_fragments_are_no_part_of_what_is_asked(write):
    """HTTP Archive 1.2, request.url: fragments are not included"""
    content = har(lambda i: entry(i, request={"url": f"https://a.example{url(i)}#part{i}"}))
    assert check_requests(read_trace(write("a.har", content))) == 0
