"""What `redis-cli monitor` prints: every command that a server is sent."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from perflab.workloads.importers.doubts import left_out_notes
from perflab.workloads.importers.reads import read_requests
from perflab.workloads.importers.requests import Parsed, Requests
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.redis_commands import accesses, command_kinds

LINE = re.compile(rb'^\+?(\d{1,12}\.\d+) \[(\d+) [^"]*\](?: "(?:[^"\\]|\\.)*")+\s*$')
START = re.compile(rb'\+?(\d{1,12}\.\d+) \[(\d+) [^"]*\] (?=")')
ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(rb"\\x[0-9a-fA-F]{2}|\\.")
HEADING = r"^\+?OK\s*$"


def read_redis_monitor(source: Source) -> Trace:
    """Read the keys that are read; what is written to them says their sizes and TTLs.

    A command that reads several keys is as many requests. Keys stay escaped as printed; a key of
    another database than 0 begins with the database's number, as in ``3/user:7``.

    Raises:
        BadInputError: If most lines do not parse, or nothing is read.
    """
    requests = Requests(source, "of Redis MONITOR", heading=HEADING)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    requests.read(lambda lines: _parse(lines, kinds))
    trace = read_requests(source, requests)
    return dataclasses.replace(trace, notes=(*trace.notes, *left_out_notes(kinds)), check=False)


def _parse(lines: Any, kinds: dict[str, Counter[str]]) -> Parsed:
    good = np.zeros(len(lines), np.bool_)
    keys: list[str] = []
    rows: list[tuple[float, float, float, bool]] = []
    for row, line in enumerate(lines.to_pylist()):
        match = START.match(line)
        if match is None or not line.endswith(b'"\n'):
            continue
        said = ARGUMENT.findall(line, match.end())
        if not said:
            continue
        good[row] = True
        time, database = float(match[1]), match[2]
        command, *arguments = said
        name = command.decode("latin-1").upper()
        for kind in command_kinds(name, arguments):
            kinds[kind][name] += 1
        for access in accesses(name, arguments):
            key = access.key if database == b"0" else database + b"/" + access.key
            keys.append(key.decode(errors="replace"))
            size = math.nan if access.value is None else len(ESCAPE.sub(b".", access.value))
            rows.append((time, size, access.ttl, access.read))
    table = np.array(rows, np.float64).reshape(len(rows), 4)
    return good, {
        "key": pa.array(keys, pa.string()),
        "time": table[:, 0],
        "size": table[:, 1],
        "ttl": table[:, 2],
        "read": table[:, 3] > 0,
    }
