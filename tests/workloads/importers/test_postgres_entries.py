"""PostgreSQL's log in what syslog, containers and clouds put around it."""

from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads.importers.postgres_entries import looks_like_postgres
from perflab.workloads.read import read_arrivals

COUNT = 6
SYSLOG = "May  6 07:08:{0:02} db postgres[41]: "
KUBERNETES = "2024-05-06T07:08:{0:02}.130000000Z stderr F "
HEAD = "2024-05-06 07:08:{0:02}.125 UTC [41] LOG:  duration: 20.000 ms  statement: "
RDS = (
    "2024-05-06 07:08:{0:02} UTC:192.0.2.7(99):app@shop:[41]:LOG:  duration: 20.000 ms  statement:"
)
STATEMENTS = {
    "syslog": (
        SYSLOG + "[{0}-1] " + HEAD + "select a,",
        SYSLOG + "[{0}-2] #011b",
        SYSLOG + "[{0}-3] from t",
    ),
    "syslog-unnumbered": (SYSLOG + HEAD + "select a,", SYSLOG + "#011b", SYSLOG + "#011from t"),
    "compose": ("db-1  | " + HEAD + "select a,", "db-1  | \tb", "db-1  | \tfrom t"),
    "kubernetes": (KUBERNETES + HEAD + "select a,", KUBERNETES + "\tb", KUBERNETES + "\tfrom t"),
    "rds": (RDS, "        update a", "        set b = 1", ""),
    "plain": (HEAD + "select a,", "\tb", "\tfrom LOG:  duration: 5 ms"),
}


def check(arrivals):
    assert len(arrivals) == COUNT
    assert arrivals.durations.tolist() == pytest.approx([0.02] * COUNT)
    assert arrivals.times[-1] - arrivals.times[0] == pytest.approx(COUNT - 1)
    assert not any("skipped" in note for note in arrivals.notes)


@pytest.mark.parametrize("kind", STATEMENTS)
def test_a_statement_over_several_lines_is_one_request(kind, write):
    lines = [line.format(i) for i in range(COUNT) for line in STATEMENTS[kind]]
    check(read_arrivals(write("postgresql.log", "\n".join(lines) + "\n")))


def record(i):
    message = "duration: 20.000 ms  statement: select a,\n\tb"
    said = {"error_severity": "LOG", "message": message, "process_id": "41"}
    return {"log_time": f"2024-05-06 07:08:{i:02}.125 UTC", **said}


def line_of(i):
    return HEAD.format(i) + "select a,\n\tb"


OBJECTS = {
    "cloud-sql": lambda i: {"textPayload": line_of(i), "timestamp": "2024-05-06T07:08:09Z"},
    "docker": lambda i: {"log": line_of(i) + "\n", "stream": "stderr"},
    "journald": lambda i: {"MESSAGE": line_of(i), "_PID": "41"},
    "cnpg": lambda i: {"level": "info", "logger": "postgres", "msg": "record", "record": record(i)},
    "cloud-cnpg": lambda i: {"jsonPayload": {"logger": "postgres", "record": record(i)}},
    "docker-json": lambda i: {"log": json.dumps(record(i)) + "\n", "stream": "stderr"},
}


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("indent", [None, 2], ids=["lines", "array"])
def test_json_with_a_message_inside_is_read(kind, indent, write):
    objects = [OBJECTS[kind](i) for i in range(COUNT)]
    content = (
        "\n".join(map(json.dumps, objects)) if indent is None else json.dumps(objects, indent=2)
    )
    check(read_arrivals(write("log.json", content)))


def test_each_line_of_a_statement_may_be_an_object(write):
    texts = [text for i in range(COUNT) for text in (HEAD.format(i) + "select a,", "\tb", "\tc")]
    content = "\n".join(json.dumps({"log": f"{text}\n", "stream": "stderr"}) for text in texts)
    check(read_arrivals(write("container.log", content)))


def test_other_messages_of_the_operator_are_no_requests(write):
    other = {"level": "info", "logger": "instance-manager", "msg": "starting"}
    objects = [each for i in range(COUNT) for each in (other, other, OBJECTS["cnpg"](i))]
    check(read_arrivals(write("log.json", "\n".join(map(json.dumps, objects)))))


@pytest.mark.parametrize(
    "line",
    [
        '{"message": "2024-05-06 07:08:09 ERROR: no", "url": "/a"}',
        '{"msg": "LOG:  duration: 5 ms", "url": "/a"}',
        '{"log": {"log": "LOG:  duration: 5 ms"}}',
        '{"error_severity": "LOG"}',
        '{"log": "LOG:  duration: ',
    ],
)
def test_other_objects_are_not_taken_for_a_log_of_postgresql(line):
    assert looks_like_postgres(line) is None


def test_lines_that_are_of_nothing_are_still_counted(write):
    content = "".join(f"{HEAD.format(i)}select 1\n" for i in range(3)) + "what\n{}\n"
    notes = read_arrivals(write("postgresql.log", content)).notes
    assert notes[0].startswith("2 of 5 lines skipped; first: line 4: 'what'")
    with pytest.raises(BadInputError, match="4 of 5 lines are not lines of PostgreSQL"):
        read_arrivals(write("other.log", HEAD.format(1) + "x\n" + "what\n" * 4))
