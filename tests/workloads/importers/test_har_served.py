"""HAR as arrivals: starts and durations."""

import gzip
import json

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers.arrivals import is_arrivals
from perflab.workloads.read import read_arrivals


def entry(start, taken, url="https://a.example/x"):
    return {"startedDateTime": start, "time": taken, "request": {"method": "GET", "url": url}}


ENTRIES = [
    entry("2025-03-01T10:00:01.500Z", 120.5),
    entry("2025-03-01T10:00:00.000+00:00", 80),
    entry("2025-03-01T11:00:03+01:00", -1),
]


def written(path, entries, pack=bytes):
    path.write_bytes(pack(json.dumps({"log": {"entries": entries}}).encode()))
    return path


@pytest.mark.parametrize(("name", "pack"), [("a.har", bytes), ("a.har.gz", gzip.compress)])
def test_starts_and_durations_are_read_in_order(tmp_path, name, pack):
    found = read_arrivals(written(tmp_path / name, ENTRIES, pack))
    assert (found.times - found.times[0]).tolist() == [0.0, 1.5, 3.0]
    assert found.durations[:2].tolist() == [0.08, 0.1205]
    assert np.isnan(found.durations[2])


def test_entries_without_a_start_are_counted(tmp_path):
    bad = [{"time": 3}, entry("no date", 3), 7]
    with pytest.raises(BadInputError, match="3 of 5"):
        read_arrivals(written(tmp_path / "a.har", [*ENTRIES[:2], *bad]))
    found = read_arrivals(written(tmp_path / "b.har", [*ENTRIES, *ENTRIES, {"time": 3}]))
    assert len(found) == 6
    assert any("1 of 7" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not valid JSON"), ("{}", "no entries"), ('{"log": {"entries": 3}}', "no entries")],
)
def test_what_is_no_har_says_so_with_its_place(tmp_path, text, words):
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(BadInputError, match=words) as caught:
        read_arrivals(path)
    assert str(path) in str(caught.value)


def test_it_is_still_a_trace_where_one_is_wanted(tmp_path):
    path = written(tmp_path / "a.har", ENTRIES[:2])
    assert not is_arrivals(str(path), None)
    assert len(read_trace(path)) == 2
