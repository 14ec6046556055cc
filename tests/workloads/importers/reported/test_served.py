"""Tables of requests that a server answered, as load testers and databases write them."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reported import COUNT, MOMENTS, iso, table

from perflab.errors import BadInputError
from perflab.workloads.importers.arrivals import is_arrivals
from perflab.workloads.read import read_arrivals

READ = {
    "Apache JMeter manual, JTL": (
        "timeStamp,elapsed,label,responseCode",
        lambda i: (MOMENTS[i] * 1000, 50, "home", 200),
    ),
    "a start and an end": ("start_time,end_time", lambda i: (iso(i, ".000"), iso(i, ".050"))),
    "the unit in the name, s": ("timestamp,duration_s", lambda i: (MOMENTS[i], 0.05)),
    "the unit in the name, us": ("start,duration_us", lambda i: (iso(i), 50_000)),
    "the unit in brackets": ("Start,Duration (ms)", lambda i: (iso(i), 50)),
    "camel case": ("startTime,latencyMs", lambda i: (iso(i), 50)),
    "the unit behind the number": ("start,duration", lambda i: (iso(i), "50ms")),
    "Go, time.Duration": ("start,duration", lambda i: (iso(i), "0.05s")),
}


@pytest.mark.parametrize("source", READ)
def test_starts_and_durations_are_read(source, write):
    heading, row = READ[source]
    path = write("t.csv", table(heading, row))
    assert is_arrivals(str(path), None)
    arrivals = read_arrivals(path)
    assert arrivals.times.tolist() == MOMENTS
    assert arrivals.durations.tolist() == pytest.approx([0.05] * COUNT, abs=1e-6)


def test_durations_of_parquet_have_their_own_unit(tmp_path):
    path = tmp_path / "t.parquet"
    starts = [dt.datetime.fromtimestamp(moment, dt.UTC) for moment in MOMENTS]
    spans = pa.array([50_000] * COUNT, pa.duration("us"))
    pq.write_table(pa.table({"ts": starts, "duration": spans}), path)
    arrivals = read_arrivals(path)
    assert arrivals.times.tolist() == MOMENTS
    assert arrivals.durations.tolist() == pytest.approx([0.05] * COUNT)


def test_decimal_commas_are_refused(write):
    """SheetJS/sheetjs#2239"""
    with pytest.raises(BadInputError, match="not rows of a start and a duration"):
        read_arrivals(write("t.csv", table("start;duration", lambda i: (iso(i), "0,05"), ";")))


def test_rows_without_a_heading_are_told_for_arrivals_too(write):
    path = write("t.csv", table(f"{MOMENTS[0]},0.05", lambda i: (MOMENTS[i], 0.05)))
    with pytest.raises(BadInputError, match="for arrivals start=1,duration=N"):
        read_arrivals(path)
    found = read_arrivals(path, no_header=True, columns={"start": "1", "duration": "2"})
    assert found.times.tolist() == [MOMENTS[0], *MOMENTS]
