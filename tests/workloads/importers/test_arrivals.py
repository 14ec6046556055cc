from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.workloads import load_arrivals
from perflab.workloads.read import read_arrivals

STAMP = "2026-11-24 02:29:2{}.500"
PREFIXES = [
    "{time} UTC [4711] ",
    "{time} UTC [4711] app@shop ",
    "{time} UTC [4711]: [3-1] user=app,db=shop,app=[unknown],client=10.0.0.1 ",
    "{time} UTC:10.0.0.1(5432):app@shop:[4711]:",
    "<{time} UTC> ",
    "[{time}+00] ",
    "{time} ",
]


def log(prefix, *messages):
    heads = (prefix.format(time=STAMP.format(i)) for i in range(len(messages)))
    return "".join(f"{head}{text}\n" for head, text in zip(heads, messages, strict=True))


QUERIES = (
    "LOG:  duration: 1500.000 ms  statement: select 'ERROR:  no'",
    "LOG:  duration: 2600.000 ms  execute <unnamed>: select\n\tfrom b",
    "LOG:  duration: 0.020 ms  bind S_1: select 1",
    "ERROR:  canceling statement due to user request",
    "LOG:  duration: 250 ms",
)
STARTS = [18.9, 19.0, 24.25]
DURATIONS = [2.6, 1.5, 0.25]


def seconds(arrivals):
    return (arrivals.times - 1_795_487_340).round(6).tolist()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_statements_start_their_duration_before_they_are_logged(prefix, write):
    arrivals = load_arrivals(write("postgresql.log", log(prefix, *QUERIES)))
    assert seconds(arrivals) == STARTS
    assert arrivals.durations.tolist() == DURATIONS
    assert arrivals.notes == ("1 parse and bind steps left out; they are part of a request",)


def test_the_csvlog_is_read(write):
    out = io.StringIO()
    rows = csv.writer(out)
    for i, text in enumerate(QUERIES):
        severity, message = text.split(":  ", 1)
        head = [f"{STAMP.format(i)} UTC", *["x"] * 10, severity, "00000", message]
        rows.writerow([*head, *[""] * 12])
    arrivals = load_arrivals(write("postgresql.csv", out.getvalue()))
    assert (seconds(arrivals), arrivals.durations.tolist()) == (STARTS, DURATIONS)


def test_the_jsonlog_is_read(write):
    content = ""
    for i, text in enumerate(QUERIES):
        severity, message = text.split(":  ", 1)
        said = {"timestamp": f"{STAMP.format(i)} UTC", "pid": 1, "error_severity": severity}
        content += json.dumps(said | {"message": message}) + "\n"
    arrivals = load_arrivals(write("postgresql.json", content))
    assert (seconds(arrivals), arrivals.durations.tolist()) == (STARTS, DURATIONS)


def test_epoch_times_offsets_and_other_zones_are_read(write):
    line = "LOG:  duration: 500.000 ms  statement: select 1\n"
    epoch = load_arrivals(write("a.log", f"1795487361.500 [9] {line}"))
    assert seconds(epoch) == [21.0]
    offset = load_arrivals(write("b.log", f"2026-11-24 04:29:21.500 +02 [9] {line}"))
    assert seconds(offset) == [21.0]
    named = load_arrivals(write("c.log", f"2026-11-24 03:29:21 CET [9] {line}"))
    assert seconds(named) == [20.5]
    assert named.notes == (
        "zones: CET as UTC+01:00",
        "times are whole seconds; a log_line_prefix with %m has milliseconds",
    )


def test_bad_lines_of_a_log_are_counted_and_shown(write):
    good = log(PREFIXES[0], *[QUERIES[0]] * 5)
    content = good + "what is this\n" + "[4711] LOG:  duration: 3 ms  statement: no time\n"
    arrivals = load_arrivals(write("postgresql.log", content))
    assert len(arrivals) == 5
    assert arrivals.notes[0].startswith("2 of 7 lines skipped; first: line 6: 'what is this'")


def test_a_log_without_durations_says_what_to_set(write):
    content = log(PREFIXES[0], "LOG:  checkpoint starting: time", "LOG:  ready")
    with pytest.raises(BadInputError, match="log_min_duration_statement = 0"):
        load_arrivals(write("postgresql.log", content))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("start,duration", "1000.5,0.25"),
        ("time,duration_ms", "1000.5,250"),
        ("Time;Duration_ms", "1000.5;250"),
        ("start,end", "1000.5,1000.75"),
        ("end,duration", "1000.75,0.25"),
        ("user,start,end", "jane,1970-01-01T00:16:40.5Z,1970-01-01 00:16:40.750"),
        ("key,start,duration", "k,1000.5,0.25"),
        ("time,duration_ms,duration", "1000.5,999,0.25"),
    ],
)
def test_two_of_start_end_and_duration_are_enough(header, row, write):
    arrivals = load_arrivals(write("calls.csv", f"{header}\n{row}\n"))
    assert arrivals.times.tolist() == [1000.5]
    assert arrivals.durations.tolist() == [0.25]


def test_columns_are_named_by_the_user_and_kept_as_options(write):
    path = write("calls.csv", "ts,elapsed\n5,20\n4,10\n")
    columns = {"start": "ts", "duration_ms": "elapsed"}
    arrivals = load_arrivals(path, columns=columns)
    assert arrivals.times.tolist() == [4, 5]
    assert arrivals.durations.tolist() == [0.01, 0.02]
    assert (arrivals.source, arrivals.options) == (str(path), {"columns": columns})
    with pytest.raises(BadInputError, match="no column 'when' for the start"):
        load_arrivals(path, columns={"start": "when"})
    with pytest.raises(BadInputError, match="unknown role 'size'"):
        load_arrivals(path, "durations", columns={"size": "ts"})


def test_times_alone_are_arrivals_and_keys_with_times_too(write):
    assert load_arrivals(write("a.csv", "time\n2\n1\n")).durations is None
    assert load_arrivals(write("b.csv", "key,time\na,1\nb,2\n")).times.tolist() == [1, 2]
    path = write("keys.csv", "key\na\nb\n")
    with pytest.raises(BadInputError, match="has no times") as caught:
        load_arrivals(path)
    assert caught.value.place == str(path)


@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e5)), min_size=1, max_size=30, unique=True)
)
def test_what_is_written_as_csv_is_read_back_in_order(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    lines = [f"{start!r},{duration!r}" for start, duration in rows]
    path.write_text("\n".join(["start,duration", *lines]))
    arrivals = load_arrivals(path)
    ordered = sorted(rows, key=lambda row: row[0])
    assert arrivals.times.tolist() == [start for start, _ in ordered]
    assert arrivals.durations.tolist() == [duration for _, duration in ordered]


def test_bad_rows_are_counted_and_most_of_them_refused(write):
    rows = "1,0.5\n2,0.5\n3,0.5\n4,0.5\nsoon,1\n5,-1\n6\n"
    arrivals = load_arrivals(write("calls.csv", "start,duration\n" + rows))
    assert len(arrivals) == 4
    assert arrivals.notes[0] == (
        "3 of 7 lines skipped; first: line 6: 'soon,1'; line 7: '5,-1'; line 8: '6'"
    )
    path = write("bad.csv", "start,duration\nsoon,later\nx,y\n")
    with pytest.raises(BadInputError, match="2 of 2 lines are not rows") as caught:
        load_arrivals(path)
    assert caught.value.place == f"{path}:2"


@pytest.mark.parametrize("kind", [None, "durations", "postgres", "pg_stat_statements"])
@pytest.mark.parametrize("content", [b"", b"\0\1\2\xff" * 99, b"\n\n"])
def test_what_is_no_such_file_is_one_clear_error(content, kind, write):
    path = write("calls.log", content)
    with pytest.raises(BadInputError) as caught:
        load_arrivals(path, format=kind)
    assert caught.value.place.startswith(str(path))


def test_a_header_without_rows_is_refused(write):
    with pytest.raises(BadInputError, match="has no rows of a start"):
        load_arrivals(write("calls.csv", "start,duration\n"))


SUMMARY = """query,calls,mean_exec_time,stddev_exec_time,seconds
"select 1
from a, b",9000,2.0,1.0,100
insert,1000,50,0,100
never,0,0,0,100
"""


def test_a_summary_becomes_drawn_arrivals_of_its_rate_and_means(write):
    arrivals = load_arrivals(write("statements.csv", SUMMARY))
    assert len(arrivals) == 10_000
    assert arrivals.rate == pytest.approx(100, rel=0.05)
    assert np.count_nonzero(arrivals.durations == 0.05) == pytest.approx(1000, rel=0.1)
    others = arrivals.durations[arrivals.durations != 0.05]
    assert others.mean() == pytest.approx(0.002, rel=0.05)
    assert others.std() == pytest.approx(0.001, rel=0.1)
    assert arrivals.notes[0].startswith("drawn, not recorded: Poisson arrivals at 100/s")
    again = load_arrivals(arrivals.source, **arrivals.options)
    assert again.fingerprint == arrivals.fingerprint


def test_the_start_of_counting_gives_the_rate_too(write):
    text = "calls,mean_exec_time,stats_since\n100,1.5,2020-01-01 00:00:00+00\n"
    arrivals = load_arrivals(write("statements.csv", text))
    assert 0 < arrivals.rate < 1e-3


def test_a_summary_without_a_span_says_how_to_export_one(write):
    path = write("statements.csv", "query,calls,mean_exec_time\nq,5,1\n")
    with pytest.raises(BadInputError, match="now\\(\\) - stats_since\\) as seconds"):
        load_arrivals(path)


def test_packed_logs_are_unpacked(packer, write):
    suffix, pack = packer
    path = write(f"postgresql.log{suffix}", pack(log(PREFIXES[0], *QUERIES).encode()))
    assert seconds(load_arrivals(path)) == STARTS


@pytest.mark.parametrize(
    ("format_name", "options", "said"),
    [
        ("durations", {"log_format": "squid"}, "log_format: applies only to logs"),
        ("postgres", {"no_header": True}, "separator and no_header: apply only to text tables"),
        ("pg_stat_statements", {"time_unit": "ms"}, "time_unit: applies only to tables"),
        ("postgres", {"columns": {"start": "a"}}, "columns: only csv"),
        ("text", {"separator": ";"}, "separator and no_header: apply only to text tables"),
    ],
)
def test_options_that_a_format_has_not_are_refused_for_arrivals_too(
    tmp_path, format_name, options, said
):
    path = tmp_path / "a.csv"
    path.write_text("start,duration\n1,0.1\n2,0.1\n")
    with pytest.raises(BadInputError, match=said):
        read_arrivals(path, format=format_name, **options)
