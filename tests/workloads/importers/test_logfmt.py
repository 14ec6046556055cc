"""logfmt: Heroku's router, Grafana, Go's loggers; against a reader that goes letter by letter."""

from __future__ import annotations

import json
import random

import pytest

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace
from perflab.workloads.importers.backend_times import parse_backend_time
from perflab.workloads.importers.logfmt import looks_like_logfmt, parse_line

HEROKU = (
    "2024-05-06T07:08:{second:02}.250000+00:00 heroku[router]: at=info method={method} "
    'path="{path}" host=shop.herokuapp.com request_id=8a-{second} fwd="192.0.2.1" dyno=web.1 '
    "connect=1ms service={service} status={status} bytes={size} protocol=https\n"
)
GRAFANA = (
    "logger=context userId=1 t=2024-05-06T07:08:{second:02}.5Z level=info "
    'msg="Request Completed" method={method} path={path} status={status} remote_addr=192.0.2.1 '
    "time_ms=2 duration={service} size={size} referer=\n"
)
GO = (
    'time="2024-05-06T07:08:{second:02}Z" level=info msg="did \\"{method}\\" path=/no" '
    "method={method} uri={path} status={status} bytes={size} took={service}\n"
)


def log(form):
    rows = [
        ("GET", "/a?x=1", "12ms", 200, 512),
        ("GET", "/b", "1.5s", 200, 100),
        ("PUT", "/b", "3ms", 204, 0),
        ("DELETE", "/a?x=1", "9ms", 503, 17),
        ("GET", "/b", "250µs", 304, 100),
    ]
    return "".join(
        form.format(second=second, method=method, path=path, service=took, status=code, size=size)
        for second, (method, path, took, code, size) in enumerate(rows)
    )


@pytest.mark.parametrize("form", [HEROKU, GRAFANA, GO], ids=["heroku", "grafana", "go"])
@pytest.mark.parametrize("name", ["web.log", "web.txt", "web"])
def test_roles_are_found_by_their_names(form, name, write, keys_of):
    trace = read_trace(write(name, log(form)))
    assert keys_of(trace) == ["/a?x=1", "/b", "/b", "/b"]
    assert (trace.times - trace.times[0]).tolist() == [0.0, 1.0, 2.0, 4.0]
    assert trace.operations.tolist() == [0, 0, Operation.WRITE, 0]
    assert trace.sizes.tolist() == [512, 100, 100, 100]
    assert trace.backend_seconds[[0, 1, 3]].tolist() == pytest.approx([0.012, 1.5, 0.00025])
    assert "left out, since they were answered with an error: DELETE 1" in trace.notes
    assert not any("read as seconds;" in note for note in trace.notes)


@pytest.mark.parametrize("name", ["logfmt", "heroku"])
def test_the_format_can_be_named(name, write):
    text = "just one line\n" * 20 + log(HEROKU) * 12
    trace = read_trace(write("web.txt", text), log_format=name)
    assert len(trace) == 48
    assert any("20 of 80 lines skipped" in note for note in trace.notes)


def test_a_wrapper_is_taken_off(write, keys_of):
    lines = log(GRAFANA).splitlines()
    text = "".join(json.dumps({"log": f"{line}\n", "stream": "stdout"}) + "\n" for line in lines)
    wrapped = read_trace(write("web.log", text))
    assert keys_of(wrapped) == ["/a?x=1", "/b", "/b", "/b"]
    assert any("Docker's JSON" in note for note in wrapped.notes)
    assert len(read_trace(write("b.log", text), log_format="logfmt")) == 4
    before = "".join(f"web-1  | {line}\n" for line in lines)
    assert keys_of(read_trace(write("c.log", before))) == keys_of(wrapped)


def test_a_key_may_be_named_and_joined(write, keys_of):
    path = write("web.log", log(HEROKU))
    trace = read_trace(path, columns={"key": "{host}{path}"})
    assert keys_of(trace)[0] == "shop.herokuapp.com/a?x=1"


def test_a_log_without_a_key_is_refused_with_its_fields(write):
    line = 'ts=2024-05-06T07:08:09Z caller=metrics.go:159 org_id=fake query="{{a}}" took=12ms\n'
    with pytest.raises(BadInputError) as caught:
        read_trace(write("loki.log", line * 30))
    assert "it has: ts, caller, org_id, query, took; name it with --columns key=FIELD" in str(
        caught.value
    )


def test_a_log_of_few_requests_is_refused_with_what_to_keep(write):
    other = "time=2024-05-06T07:08:09Z level=info msg=started\n"
    with pytest.raises(BadInputError, match="keep those that are, as grep ' path=' FILE does"):
        read_trace(write("app.log", other * 30 + log(GO)))


def test_numbers_without_a_unit_are_noted(write):
    text = "".join(f"ts={n} path=/{n % 3} duration=0.{n}\n" for n in range(1, 30))
    trace = read_trace(write("app.log", text))
    assert any("numbers in duration are read as seconds" in note for note in trace.notes)


NOT_LOGFMT = {
    "two pairs": "a=1 b=2\n" * 9,
    "urls": "/a?x=1&y=2 /b?x=1 /c?z=1\n" * 9,
    "text behind": "user=app db=shop pid=7 LOG: checkpoint starting: time\n" * 9,
}


@pytest.mark.parametrize("name", sorted(NOT_LOGFMT))
def test_what_is_something_else_is_not_taken_for_it(name):
    assert not looks_like_logfmt([line.encode() for line in NOT_LOGFMT[name].splitlines(True)])


def reference(line):
    """Return the pairs of a line, read letter by letter; the first of a name counts."""
    fields, at = {}, 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        name = ""
        while at < len(line) and line[at] not in " =":
            name += line[at]
            at += 1
        if at >= len(line) or line[at] == " ":
            continue
        at += 1
        value = ""
        if line[at : at + 1] == '"':
            at += 1
            while line[at] != '"':
                if line[at] == "\\":
                    at += 1
                    value += {"n": "\n", "t": "\t"}.get(line[at], line[at])
                else:
                    value += line[at]
                at += 1
            at += 1
        else:
            while at < len(line) and line[at] != " ":
                value += line[at]
                at += 1
        fields.setdefault(name, value)
    return fields


@pytest.mark.parametrize("seed", range(5))
def test_random_lines_are_read_as_letter_by_letter(seed):
    dice = random.Random(seed)
    for _ in range(300):
        parts = []
        for _ in range(dice.randrange(1, 7)):
            name = "".join(dice.choices("abc._-", k=dice.randrange(1, 4)))
            plain = "".join(dice.choices("xy/=?&:7", k=dice.randrange(5)))
            inner = "".join(
                dice.choices(["x", " ", "=", '\\"', "\\\\", "\\n"], k=dice.randrange(6))
            )
            parts.append(dice.choice([f"{name}={plain}", f'{name}="{inner}"', name]))
        line = " ".join(parts)
        assert (parse_line(line) or {}) == reference(line), line


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m2.5s", 62.5), ("2h0m1s", 7201.0), ("3m", 180.0), ("15μs", 1.5e-5), ("1s2ms", None)],
)
def test_durations_of_go(text, seconds):
    found = parse_backend_time(text, "s")
    assert found == pytest.approx(seconds) if seconds else found != found  # noqa: PLR0124 - NaN
