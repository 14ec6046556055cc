"""What several lines of PostgreSQL's log say of one request is one request."""

from __future__ import annotations

import csv
import io
import json

import pytest

from perflab.workloads.read import read_arrivals

SECOND = 1_714_979_288.0  # 2024-05-06 07:08:08 UTC


def stamp(at):
    return f"2024-05-06 07:08:{8 + at:06.3f} UTC"


def text(*messages, process=7):
    """Return a text log of messages, each with the seconds when it was logged."""
    lines = []
    for at, message in messages:
        first, *rest = message.split("\n")
        lines += [f"{stamp(at)} [{process}] LOG:  {first}", *(f"\t{line}" for line in rest)]
    return "\n".join(lines) + "\n"


def as_csv(*messages):
    out = io.StringIO()
    for at, message in messages:
        head = [stamp(at), "app", "shop", "7", *["x"] * 7, "LOG", "00000", message]
        csv.writer(out).writerow([*head, *[""] * 12])
    return out.getvalue()


def as_json(*messages):
    return "".join(
        json.dumps({"timestamp": stamp(at), "pid": 7, "error_severity": "LOG", "message": message})
        + "\n"
        for at, message in messages
    )


def read(write, content, name="postgresql.log"):
    arrivals = read_arrivals(write(name, content))
    starts = [round(time - SECOND, 4) for time in arrivals.times.tolist()]
    took = [round(taken, 6) for taken in arrivals.durations.tolist()]
    return starts, took, " | ".join(arrivals.notes)


PLAN = "plan:\nQuery Text: select 1\nResult  (cost=0.00..0.01)"


@pytest.mark.parametrize("form", [text, as_csv, as_json])
def test_a_statement_with_its_plan_is_one_request(form, write):
    log = form(
        (1.0, f"duration: 9.980 ms  {PLAN}"),
        (1.0, "duration: 10.000 ms  statement: select 1"),
        (2.0, f"duration: 0.480 ms  {PLAN}"),
        (2.0, "duration: 0.500 ms  execute <unnamed>: select 1"),
    )
    starts, took, notes = read(write, log)
    assert (starts, took) == ([0.99, 1.9995], [0.01, 0.0005])
    assert notes.startswith("left out: 2 plans of auto_explain")


def test_the_plan_of_a_portal_may_follow_its_execute(write):
    pair = (
        (1.0, "duration: 10.000 ms  execute <unnamed>: select 1"),
        (1.001, f"duration: 9.900 ms  {PLAN}"),
    )
    starts, took, notes = read(write, text(*pair))
    assert (starts, took) == ([0.99], [0.01])
    assert notes.startswith("left out: 1 plan of auto_explain")


def test_plans_of_what_a_function_ran_are_within_its_statement(write):
    inner = [(1.0 + i / 100, f"duration: 5.000 ms  {PLAN}") for i in range(5)]
    whole = (1.05, "duration: 60.000 ms  statement: select f()")
    assert read(write, text(*inner, whole))[:2] == ([0.99], [0.06])


def test_a_plan_without_its_statement_is_a_request(write):
    log = text(
        (1.0, f"duration: 5.000 ms  {PLAN}"),
        (3.0, "duration: 90.000 ms  statement: select slow"),
    )
    starts, took, notes = read(write, log)
    assert (starts, took) == ([0.995, 2.91], [0.005, 0.09])
    assert "1 of 2 requests are plans of auto_explain for which no statement was found" in notes


def test_plans_of_another_process_are_kept(write):
    plan = text((1.0, f"duration: 5.000 ms  {PLAN}"), process=7)
    other = text((1.001, "duration: 50.000 ms  statement: select slow"), process=8)
    assert read(write, plan + other)[0] == [0.951, 0.995]


def test_plans_of_a_log_in_whole_seconds_are_told_by_their_durations(write):
    lines = text(
        (1, f"duration: 9.900 ms  {PLAN}"),
        (1, "duration: 10.000 ms  statement: select 1"),
        (2, f"duration: 3.000 ms  {PLAN}"),
        (2, "duration: 200.000 ms  statement: select slow"),
    ).replace(".000 UTC", " UTC")
    starts, took, notes = read(write, lines)
    assert (starts, took) == ([0.99, 1.8, 1.997], [0.01, 0.2, 0.003])
    assert "1 of 3 requests are plans" in notes


@pytest.mark.parametrize("form", [text, as_csv, as_json])
def test_the_times_of_parse_and_bind_are_added_to_the_execute(form, write):
    log = form(
        (1.0, "duration: 0.300 ms  parse <unnamed>: select 1"),
        (1.001, "duration: 0.700 ms  bind <unnamed>: select 1"),
        (1.01, "duration: 9.000 ms  execute <unnamed>: select 1"),
        (5.0, "duration: 0.300 ms  parse s_1: select 2"),
    )
    starts, took, notes = read(write, log)
    assert (starts, took) == ([1.0], [0.01])
    assert "times of 2 parse or bind steps are added" in notes
    assert "1 parse and bind steps left out" in notes


def test_without_a_process_no_times_are_added(write):
    log = text(
        (1.001, "duration: 0.700 ms  bind s: select 1"), (1.01, "duration: 9 ms  execute s: x")
    )
    assert read(write, log.replace("[7] ", ""))[1] == [0.009]


def bare(at, *milliseconds):
    """Return durations alone, each logged 1 ms after what it took."""
    found = []
    for taken in milliseconds:
        at += taken / 1000 + 0.001
        found.append((at, f"duration: {taken:.3f} ms"))
    return found


def test_bare_durations_in_threes_are_one_request_each(write):
    log = text(*bare(1, 0.03, 0.1, 8), *bare(2, 0.03, 0.1, 8), *bare(3, 0.03, 0.1, 8))
    _, took, notes = read(write, log)
    assert took == [0.00813] * 3
    assert "9 durations stand without their statement" in notes
    assert "parse, bind and execute of 3 requests; if they are statements of their own" in notes


@pytest.mark.parametrize(
    "groups",
    [
        [(0.03, 0.1, 8)] * 2,
        [(0.03, 8, 0.1)] * 5,
        [(0.03, 0.1, 8)] * 3 + [(5,)] * 2,
        [(3,)] * 6,
    ],
    ids=["few", "begin-commit", "others", "alone"],
)
def test_other_bare_durations_stay_requests_of_their_own(groups, write):
    log = text(*(line for at, group in enumerate(groups) for line in bare(1 + at, *group)))
    _, took, notes = read(write, log)
    assert len(took) == sum(map(len, groups))
    assert "may count as three requests" in notes


def test_log_statement_tells_whose_a_bare_duration_is(write):
    first, bind, last = bare(1, 0.03, 0.1, 8)
    executed = [first, bind, (1.003, "execute <unnamed>: select $1"), last]
    simple = [(3.0, "statement: begin"), (3.001, "duration: 0.050 ms")]
    _, took, notes = read(write, text(*executed, *simple))
    assert took == [0.00813, 0.00005]
    assert "stand without" not in notes


def test_a_log_over_a_change_of_the_clock_has_its_right_gaps(write):
    line = "2024-{} [1] LOG:  duration: 15.000 ms  statement: select 1\n"
    for moments in (
        ("03-31 01:59:59.500 CET", "03-31 03:00:00.500 CEST"),
        ("10-27 02:59:59.500 CEST", "10-27 02:00:00.500 CET"),
        ("11-03 01:59:59.500 CDT", "11-03 01:00:00.500 CST"),
        ("10-27 01:59:59.500 IST", "10-27 01:00:00.500 GMT"),
        ("10-27 01:59:59.500 IDT", "10-27 01:00:00.500 IST"),
    ):
        content = "".join(line.format(moment) for moment in moments)
        starts, _, _ = read(write, content)
        assert round(starts[1] - starts[0], 4) == 1.0, moments


@pytest.mark.parametrize(
    "prefix",
    [
        "{time} UTC [{process}] ",
        "{time} UTC [{process}-9] app@shop ",
        "{time} UTC [{process}]: [3-1] user=app,db=shop,client=192.0.2.7 ",
        "{time} UTC:192.0.2.7(99):app@shop:[{process}]:",
        "{time} UTC-65e1a2b0.{process}-",
        "{time} UTC pid={process} app@shop ",
        "{time} UTC {process} app@shop ",
        "May  6 07:08:09 db postgres[{process}]: [1-1] {time} UTC ",
    ],
)
def test_a_process_is_found_in_the_prefixes_that_people_use(prefix, write):
    steps = [
        (1.001, 41, "duration: 1.000 ms  bind s: select 1"),
        (1.001, 42, "duration: 2.000 ms  bind s: select 1"),
        (1.010, 41, "duration: 9.000 ms  execute s: select 1"),
        (1.011, 42, "duration: 9.000 ms  execute s: select 1"),
    ]
    lines = (
        prefix.format(time=stamp(at).removesuffix(" UTC"), process=process) + f"LOG:  {message}\n"
        for at, process, message in steps
    )
    assert sorted(read(write, "".join(lines))[1]) == [0.01, 0.011]
