import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers.moments import moments_of
from perflab.workloads.read import read_arrivals


def rows(time, ttl=None, count=40):
    heading = "key,time" + (",ttl" if ttl else "")
    lines = [f"k{n % 7},{time(n)}" + (f",{ttl(n)}" if ttl else "") for n in range(count)]
    return "\n".join([heading, *lines]) + "\n"


def said(path, word):
    return [note for note in read_trace(path).notes if word in note]


@pytest.mark.parametrize("step", [60_000, 500_000, 250_000_000])
def test_times_of_their_own_minutes_apart_are_doubted(write, step):
    notes = said(write("a.csv", rows(lambda n: n * step)), "times: read as seconds")
    assert len(notes) == 1
    assert "if they count milliseconds or less" in notes[0]


@pytest.mark.parametrize(
    "time",
    [lambda n: n, lambda n: n * 30, lambda n: 1_764_400_000 + n * 3_600, lambda n: n * 90.5],
    ids=["seconds", "half minutes", "hours since 1970", "fractions"],
)
def test_times_that_are_seconds_are_not_doubted(write, time):
    (note,) = said(write("a.csv", rows(time)), "times: read")
    assert note == f"times: read as s{' since 1970' if time(0) > 1e8 else ', relative'}"


@pytest.mark.parametrize("step", [5_000_000_000, 3e12, 1e17])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_times_of_their_own_in_small_units_are_refused(write, step, kind):
    text = rows(lambda n: int(n * step))
    if kind == "json":
        text = "".join(f'{{"key":"a{n % 7}","ts":{int(n * step)}}}\n' for n in range(40))
    with pytest.raises(BadInputError, match="name the unit with --time-unit"):
        read_trace(write(f"a.{kind}", text))


def test_seconds_and_milliseconds_since_1970_in_one_file_are_still_read(write):
    text = rows(lambda n: (1_764_400_000 + n) * (1 if n < 20 else 1000))
    trace = read_trace(write("a.csv", text))
    assert trace.times[-1] - trace.times[0] == 39


@pytest.mark.parametrize(
    ("ttl", "word"),
    [
        (60_000, "every TTL, 16.67h or more, is longer than the trace (39s)"),
        (3_600_000, "is longer than the trace (39s), so nothing expires"),
        (1_764_400_600, "look like moments since 1970"),
    ],
)
def test_lifetimes_that_cannot_matter_are_said(write, ttl, word):
    assert len(said(write("a.csv", rows(lambda n: n, lambda n: ttl)), word)) == 1
    mixed = rows(lambda n: n, lambda n: ttl if n % 2 else 5)
    assert not said(write("b.csv", mixed), "TTL")


@pytest.mark.parametrize("name", ["type", "event", "action", "rw", "event_type"])
def test_writes_under_a_looser_name_are_said_and_kinds_are_not(write, name):
    text = f"key,{name}\n" + "".join(f"a,{w}\n" for w in ("read", "delete", "w", "view"))
    assert said(write("a.csv", text), "delete 1, w 1 count as reads")
    kinds = f"key,{name}\na,html\na,png\n"
    assert not said(write("b.csv", kinds), "count as reads")


@pytest.mark.parametrize("at", [1, 60, 110])
def test_lines_within_a_quote_that_is_not_closed_are_counted(write, at):
    lines = [f"k{n % 7},{n}" for n in range(120)]
    lines[at] = '"' + lines[at]
    path = write("a.csv", "\n".join(["key,time", *lines]) + "\n")
    left = 120 - at
    if left > 60:
        with pytest.raises(BadInputError, match=rf"{left} of 120 .*a quote is not closed"):
            read_trace(path)
    else:
        assert said(path, f"{left} of 120 rows skipped")


@pytest.mark.parametrize("gap", [2, 5, 30])
def test_keys_with_line_breaks_are_doubted(write, gap):
    lines = [f"k{n % 7},{n}" for n in range(120)]
    lines[10], lines[10 + gap] = '"' + lines[10], f'k1",{10 + gap}'
    path = write("a.csv", "\n".join(["key,time", *lines]) + "\n")
    assert said(path, "1 key holds a line break: is a quote not closed?")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[1, "GET", "a"]\n[2, "GET", "b"]\n', "one JSON array per line"),
        ('["a", 5]\n' * 9, "one JSON array per line"),
        ('[[r]]\nkey = "a"\n[[r]]\nkey = "b"\n', "TOML or INI"),
        ("[main]\nkey=a\nsize=5\n\n[other]\nkey=b\n", "TOML or INI"),
        ("[requests]\na = 5\nb = 6\n", "TOML or INI"),
    ],
)
def test_arrays_and_sections_are_no_keys(write, text, word):
    with pytest.raises(BadInputError, match=word):
        read_trace(write("a.txt", text))


def texts(kind):
    """Return a file of plain seconds, and one of dates, in each format that has both."""
    day = "2024-05-06T07:08:%02d+00:00"
    if kind == "csv":
        return "".join(["time,key\n", *(f"%s,k{n}\n" for n in range(9))]), day
    if kind == "json":
        return "".join(f'{{"ts": %s, "url": "/{n}"}}\n' for n in range(9)), f'"{day}"'
    return "".join(f"ts=%s path=/{n} ok=yes\n" for n in range(9)), day


@pytest.mark.parametrize("kind", ["csv", "json", "logfmt"])
@pytest.mark.parametrize(
    ("first", "note"),
    [(40, "times: read as s, relative"), (1_715_000_000, "times: read as s since 1970")],
)
def test_plain_seconds_are_stated_and_dates_are_not(write, kind, first, note):
    form, day = texts(kind)
    numbers = form % tuple(first + n for n in range(9))
    assert said(write("a.log" if kind == "logfmt" else f"a.{kind}", numbers), "times:") == [note]
    dates = form % tuple(day % n for n in range(9))
    assert said(write("b.log" if kind == "logfmt" else f"b.{kind}", dates), "times:") == []


def test_plain_seconds_of_parquet_and_arrivals_are_stated(tmp_path, write):
    moments = [1_715_000_000 + n for n in range(9)]
    keys = [f"k{n % 2}" for n in range(9)]
    for name, column in {
        "numbers": pa.array(moments),
        "moments": pa.array(moments).cast(pa.timestamp("s")),
    }.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"time": column, "key": keys}), path)
        noted = said(path, "times:")
        assert noted == (["times: read as s since 1970"] if name == "numbers" else [])
    rows = "".join(f"{moment},0.5\n" for moment in moments)
    arrivals = read_arrivals(write("d.csv", "start,duration\n" + rows))
    assert "times: read as s since 1970" in arrivals.notes


@pytest.mark.parametrize("unit", [None, "ms"])
def test_texts_of_parquet_that_are_numbers_are_no_dates(tmp_path, unit):
    path = tmp_path / "texts.parquet"
    times = [str(1_715_000_000 * (1000 if unit else 1) + 40 * n) for n in range(9)]
    pq.write_table(pa.table({"time": times, "key": [f"k{n % 2}" for n in range(9)]}), path)
    trace = read_trace(path, time_unit=unit)
    word = "ms since 1970" if unit else "read as s since 1970"
    assert [note for note in trace.notes if note.startswith("times:")] == [f"times: {word}"]
    assert trace.times[8] - trace.times[0] == pytest.approx(0.32 if unit else 320)


@pytest.mark.parametrize("other", ["timestamp", "ts", "start_time", "eventTime"])
@pytest.mark.parametrize("kind", ["csv", "json", "logfmt"])
def test_a_time_with_a_unit_is_the_last_choice_of_a_moment(write, kind, other):
    rows = [{"time_ms": 7 + n % 3, other: 1_715_000_000 + 2 * n, "url": f"/{n}"} for n in range(9)]
    lines = [" ".join(f"{name}={value}" for name, value in row.items()) for row in rows]
    if kind == "json":
        lines = [json.dumps(row) for row in rows]
    elif kind == "csv":
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    name = "a.log" if kind == "logfmt" else f"a.{kind}"
    trace = read_trace(write(name, "\n".join(lines) + "\n"))
    assert trace.times.tolist() == [1_715_000_000 + 2 * n for n in range(9)]


@pytest.mark.parametrize("digits", [3, 6])
@pytest.mark.parametrize("odd", [None, "2024-05-06T07:08:09.5Z", "2024/05/06 07:08:09.5", "soon"])
def test_moments_with_fractions_are_those_of_datetime(digits, odd):
    start = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    zones = ["Z", "+00:00", "-07:00", "+05:30"]
    texts, wanted = [], []
    for n in range(200):
        moment = start + dt.timedelta(milliseconds=37 * n)
        fraction = f"{moment.microsecond:06}"[:digits]
        zone = zones[n % 4]
        hours = {"Z": 0.0, "+00:00": 0.0, "-07:00": -7.0, "+05:30": 5.5}[zone]
        texts.append(f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction}{zone}")
        wanted.append(moment.timestamp() - 3600 * hours)
    if odd is not None:
        texts.append(odd)
        wanted.append(float("nan") if odd == "soon" else start.timestamp() + 0.5)
    found = moments_of(pa.array([*texts, None]))
    np.testing.assert_allclose(found, [*wanted, float("nan")], rtol=0, atol=1e-6)


MSR_ROW = "{n},hm,1,Read,4096,4096,500\n"
PG_ROW = "2024-05-06 07:08:{n:02}.250 UTC [7] LOG:  duration: 1.5 ms  statement: SELECT {n}\n"


@pytest.mark.parametrize(
    ("read", "row", "kind"),
    [(read_trace, MSR_ROW, "msr"), (read_arrivals, PG_ROW, "postgres")],
)
def test_a_unit_for_a_detected_format_that_has_its_own_is_refused(write, read, row, kind):
    lines = (row.format(n=n if kind == "postgres" else 128166372003061629 + n) for n in range(30))
    path = write("a.log", "".join(lines))
    assert len(read(path).times) == 30
    with pytest.raises(BadInputError, match=f"time_unit: applies only to .*, not to {kind}"):
        read(path, time_unit="ms")
