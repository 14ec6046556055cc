"""What `redis-cli monitor` prints: every command that a server is sent."""

from __future__ import annotations

import dataclasses
import math
import re
from array import array
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.doubts import left_out_notes
from perflab.workloads.importers.lines import line_arrays
from perflab.workloads.importers.redis_keys import Keyspace
from perflab.workloads.importers.requests import Parsed, Requests
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.redis_commands import is_known, rows_of
from perflab.workloads.recording.redis_table import FIELD_COMMANDS, SCRIPTS

LINE = re.compile(rb'^\+?(\d{1,12}\.\d+) \[(\d+) [^"]*\](?: "(?:[^"\\]|\\.)*")+\s*$')
START = re.compile(rb'\+?(\d{1,12}\.\d+) \[(\d+) [^"]*\] (?=")')
ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(rb"\\x[0-9a-fA-F]{2}|\\.")
HEADING = r"^\+?OK\s*$"
_BY_FIELD = rf'(?i)\] "(?:{"|".join(sorted(FIELD_COMMANDS))})" "'
_WHOLE = r'(?i)\] "(?:HGETALL|HKEYS|HVALS|HLEN|HSCAN|HRANDFIELD)" "'


def read_redis_monitor(source: Source) -> Trace:
    """Read what commands do to keys, as `perflab.workloads.recording.redis_table` says.

    A command of several keys is as many rows. Keys stay escaped as printed; a key of another
    database than 0 begins with the database's number, as in ``3/user:7``. A hash is one key; where
    its fields have lifetimes, or are removed and never read together, a key is hash and field, as
    in ``user:7/name``.

    Raises:
        BadInputError: If most lines do not parse, or nothing is read.
    """
    keyspace = Keyspace(source.place, _hashes_by_field(source))
    requests = Requests(source, "of Redis MONITOR", heading=HEADING)
    kinds: dict[str, Counter[str]] = {"unknown": Counter(), "drop": keyspace.dropped}
    requests.read(lambda lines: _parse(lines, keyspace, kinds["unknown"]))
    trace = requests.trace()
    return dataclasses.replace(trace, notes=(*trace.notes, *left_out_notes(kinds)), check=False)


def _parse(lines: Any, keyspace: Keyspace, unknown: Counter[str]) -> Parsed:
    good = np.zeros(len(lines), np.bool_)
    keys: list[bytes] = []
    times, sizes, ttls, codes = array("d"), array("d"), array("d"), bytearray()
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
        if name == "GET" and len(arguments) == 1:  # most lines, in as few steps as can be
            (key,) = arguments
            keys.append(keyspace.of_read(key, database))
            times.append(time)
            sizes.append(math.nan)
            ttls.append(math.nan)
            codes.append(0)
            continue
        try:
            found = [*rows_of(name, arguments, time)]
        except (ValueError, IndexError):  # the server answered with an error
            continue
        if not found and not is_known(name) and name not in SCRIPTS:
            unknown[name] += 1
        for one in found:
            size = math.nan
            if isinstance(one.value, bytes):
                size = len(ESCAPE.sub(b".", one.value))
            for key, code in keyspace.keys_of(name, one, database):
                keys.append(key)
                times.append(time)
                sizes.append(size)
                ttls.append(one.ttl)
                codes.append(code)
    return good, {
        "key": pa.array(keys, pa.binary()).cast(pa.string()),
        "time": np.array(times),
        "size": np.array(sizes),
        "ttl": np.array(ttls),
        "op": np.array(codes, np.uint8),
    }


def _hashes_by_field(source: Source) -> frozenset[bytes]:
    """Return the hashes, with their databases, of which each field is a key of its own."""
    lived: set[bytes] = set()
    removed: set[bytes] = set()
    whole: set[bytes] = set()
    for lines in line_arrays(source, nul=True):
        by_field = pc.match_substring_regex(lines, pattern=_BY_FIELD)
        if not pc.any(by_field).as_py():
            continue
        for line in lines.filter(by_field).to_pylist():
            name, key = _name_and_key(line)
            (removed if name in ("HDEL", "HGETDEL") else lived).add(key)
    if removed - lived:
        for lines in line_arrays(source, nul=True):
            reads = pc.match_substring_regex(lines, pattern=_WHOLE)
            whole.update(_name_and_key(line)[1] for line in lines.filter(reads).to_pylist())
    return frozenset(lived | (removed - whole)) - {b""}


def _name_and_key(line: bytes) -> tuple[str, bytes]:
    match = START.match(line)
    said = ARGUMENT.findall(line, match.end())[:2] if match else []
    if match is None or len(said) < 2:
        return "", b""
    return said[0].decode("latin-1").upper(), Keyspace.key(said[1], match[2])
