"""The formats that the docs list: each name is there, with a line that is read as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
from perflab.workloads.importers.detect import detect
from perflab.workloads.importers.log_names import NAMES
from perflab.workloads.importers.source import Source
from perflab.workloads.read import read_arrivals, read_trace

TEXT = (Path(__file__).parents[3] / "docs" / "workloads.md").read_text(encoding="utf-8")
BINARY = {"parquet", "oracle", "int32le", "int32be", "int64le", "int64be"}
OF_W3C = {"w3c", "iis", "cloudfront"}
# The line that names the fields, which the docs leave to the section of logs.
FIELDS = "#Fields: date time cs-method cs-uri-stem sc-bytes\n2024-05-06 07:08:09 GET /a 512\n"
ENDINGS = {"arc": "a.lis"}


def section(heading):
    return TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]


def examples(heading):
    """Return the example of each name in the first block of a section; several lines are one."""
    block = section(heading).split("```text\n")[1].split("```")[0]
    found = {}
    for line in block.splitlines():
        name, rest = line.split(maxsplit=1)
        found[name] = found.get(name, "") + rest + "\n"
    return found


def named(heading):
    """Return what a section has in backticks, its blocks aside."""
    plain = re.sub(r"```.*?```", "", section(heading), flags=re.DOTALL)
    return set(re.findall(r"`([^`]+)`", plain))


LINES, LOGS = examples("Formats"), examples("Logs")
TRACES = sorted(set(LINES) - set(ARRIVAL_FORMATS))


def test_each_format_is_listed():
    assert set(LINES) == {*FORMATS, *ARRIVAL_FORMATS} - BINARY
    assert named("Formats") >= BINARY


def test_each_name_of_a_log_is_listed():
    assert set(LOGS) <= set(NAMES)
    assert set(NAMES) - set(LOGS) <= named("Logs")
    assert named("Logs") >= OF_W3C


@pytest.mark.parametrize("name", TRACES)
def test_each_format_is_recognised_by_its_example(write, name):
    path = write(ENDINGS.get(name, "example"), LINES[name])
    assert detect(Source(path)) == name
    for trace in (read_trace(path), read_trace(path, format=name)):
        assert len(trace) == 1
        assert trace.sizes is None or trace.sizes.tolist() == [512]


@pytest.mark.parametrize("name", ARRIVAL_FORMATS)
def test_each_format_of_arrivals_is_read_by_its_example(write, name):
    path = write("example", LINES[name])
    assert len(read_arrivals(path, format=name).times) > 0


@pytest.mark.parametrize("name", sorted(LOGS))
def test_each_log_is_read_by_its_example(write, keys_of, name):
    trace = read_trace(write("example", LOGS[name]), log_format=name)
    assert keys_of(trace)[0].endswith("/a")
    assert trace.sizes is None or trace.sizes.tolist() == [512]


@pytest.mark.parametrize("name", sorted(LOGS))
def test_each_log_is_recognised_by_its_example(write, keys_of, name):
    trace = read_trace(write("example", LOGS[name]))
    assert keys_of(trace)[0].endswith("/a")


@pytest.mark.parametrize("name", sorted(OF_W3C))
def test_logs_that_name_their_fields_are_read(write, keys_of, name):
    for trace in (
        read_trace(write("example", FIELDS)),
        read_trace(write("example", FIELDS), log_format=name),
    ):
        assert keys_of(trace) == ["GET /a"]


@pytest.mark.parametrize(("alias", "name"), re.findall(r"`(\w+)` for `([\w-]+)`", section("Logs")))
def test_other_names_are_of_the_same_log(write, keys_of, alias, name):
    path = write("example", LOGS[name])
    assert keys_of(read_trace(path, log_format=alias)) == keys_of(read_trace(path, log_format=name))
