"""What memcached prints with ``-vv``: each command of its clients, and each answer."""

from __future__ import annotations

import dataclasses
import math
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.operations import Operation
from perflab.units import counted, grouped
from perflab.workloads.importers.doubts import left_out_notes, named
from perflab.workloads.importers.memcached_commands import MOMENT, SILENT, CacheRow, rows_of
from perflab.workloads.importers.requests import Parsed, Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.operations import ADD, KEPT, REPLACE

# What no other log has: the server's start, a client's coming, a storage command, an answer.
_CERTAIN = re.compile(
    rb"slab class +\d+: chunk size +\d+ perslab +\d+\s*$"
    rb"|<\d+ (?:server listening|new (?:auto-negotiating )?client connection|connection closed)"
    rb"|<\d+ (?:set|add|replace|append|prepend|cas) \S+ \d+ -?\d+ \d+"
    rb"|<\d+ Read binary protocol data:"
    rb"|>\d+ (?:NOREPLY )?(?:sending key |(?:END|(?:NOT_)?STORED|DELETED|TOUCHED)\s*$)"
)
_LINE = re.compile(rb"(?P<side>[<>])(?P<client>\d{1,9}) (?P<text>.*)", re.DOTALL)
# What is printed besides commands and answers, with -vvv too.
_OTHER = re.compile(
    rb"slab class +\d|\d+: (?:Client using |going from )|> (?:NOT )?FOUND|CAS:  |Value len is "
    rb"|Exiting normally|Signal handled|authenticated\(\) in cmd| -nuked by "
)
_BYTES = re.compile(rb" *0x[0-9a-f]{2} (0x[0-9a-f]{2})(?: 0x[0-9a-f]{2})*$")
_REMOVED = re.compile(rb"Deleting (?P<key>.+)", re.DOTALL)
_COUNTED = re.compile(rb"incr (?P<key>.+) -?\d+, \d+, (?P<ttl>-?\d+)$", re.DOTALL)
_STORED = re.compile(rb"(?P<name>SET|ADD|REPLACE) (?P<key>.+) Value len is (?P<size>\d{1,18})$")
_CODES = {b"SET": int(Operation.SET), b"ADD": ADD, b"REPLACE": REPLACE}
_MISSES = (b"NOT_FOUND", b"Writing an error: Not found")
_REFUSALS = (
    *(b"NOT_STORED", b"EXISTS", b"CLIENT_ERROR", b"SERVER_ERROR", b"ERROR"),
    b"Writing an error: ",
)
_DONE = (b"STORED", b"Writing bin response")
_HARMLESS = frozenset((Operation.GET, Operation.TOUCH, Operation.DELETE))
# Opcodes of the binary protocol that read as well as touch; those that print no key.
_READS_TOO = (0x1D, 0x1E, 0x23, 0x24)
_APPENDS = {0x0E: "append", 0x19: "append", 0x0F: "prepend", 0x1A: "prepend"}
_MOST = 0.8


def looks_like_memcached(lines: Sequence[bytes]) -> bool:
    """Say whether lines are of a log of memcached, which at least one of them shows for certain."""
    known = sum(bool(_LINE.match(line) or _OTHER.match(line)) for line in lines)
    return known >= _MOST * len(lines) and any(map(_CERTAIN.match, lines))


def read_memcached(source: Source) -> Trace:
    """Read the commands of all clients, by the text protocol, meta commands and the binary one.

    The lines are those of ``proto_text.c`` and ``proto_bin.c`` of memcached 1.4 to 1.6, printed
    with ``-vv`` or ``-vvv``: ``<28 set k 0 60 5`` is a command of the client on socket 28, and
    ``>28 STORED`` the answer. What was answered with an error, or did not store, changed nothing
    and is left out. Sizes are those of key and value together. Of an ``exptime``, 0 is none,
    more than 30 days a moment, which has no meaning without times, and a negative one removes.
    The binary protocol's lifetimes are not printed. The log has no times.

    Raises:
        BadInputError: If most lines do not parse, or nothing is read.
    """
    requests = Requests(source, "of memcached's -vv log")
    log = _Log()
    requests.read(log.parse)
    ids, keys, columns = requests.columns()
    notes = requests.notes()
    ids, columns = log.settled(ids, columns)
    trace = ordered_trace(source, ids, keys, columns, notes).compact()
    return dataclasses.replace(trace, notes=(*trace.notes, *log.notes()), check=False)


@dataclasses.dataclass(slots=True)
class _Asked:
    """The last command of a client, of which the answer may still come."""

    name: str
    rows: range
    codes: frozenset[int]
    there: dict[bytes, float | None]


class _Log:
    """Reads lines in their order, and remembers what each client asked last."""

    def __init__(self) -> None:
        # Rows by number, as their answers say: what did nothing, stored, or removed.
        self._undone: list[int] = []
        self._stored: list[int] = []
        self._removed: list[int] = []
        self._refused: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._moments = 0
        self._without_ttl = 0
        # Bytes of the value of each key that was written and not removed.
        self._there: dict[bytes, float] = {}
        self._asked: dict[bytes, _Asked] = {}
        self._opcodes: dict[bytes, int] = {}
        self._last: bytes = b""
        self._rows = 0
        self._start()

    def _start(self) -> None:
        self._keys: list[bytes] = []
        self._sizes, self._ttls, self._codes = array("d"), array("d"), bytearray()

    def parse(self, lines: pa.Array) -> Parsed:
        """Return which lines are of such a log, and the rows of their commands."""
        self._start()
        good = np.array([self._read(line.rstrip(b"\r\n")) for line in lines.to_pylist()], np.bool_)
        return good, {
            "key": pa.array(self._keys, pa.binary()).cast(pa.string()),
            "size": np.array(self._sizes),
            "ttl": np.array(self._ttls),
            "op": np.array(self._codes, np.uint8),
        }

    def settled(
        self, ids: npt.NDArray[np.int32], columns: dict[str, npt.NDArray[Any]]
    ) -> tuple[npt.NDArray[np.int32], dict[str, npt.NDArray[Any]]]:
        """Return all rows as the answers say that they were done."""
        columns["op"][self._stored] = Operation.SET
        columns["op"][self._removed] = Operation.DELETE
        columns["size"][self._removed] = columns["ttl"][self._removed] = np.nan
        kept = np.ones(len(ids), np.bool_)
        kept[self._undone] = False
        return ids[kept], {name: values[kept] for name, values in columns.items()}

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, and which lifetimes are not known."""
        found = [*left_out_notes({"unknown": +self._unknown})]
        if self._refused:
            found.append(f"left out, since the server did not do them: {named(self._refused)}")
        if self._left_out:
            found.append(f"left out, since the log does not say all: {named(self._left_out)}")
        if self._moments:
            count = counted(self._moments, "TTL")
            are = "is a moment" if self._moments == 1 else "are moments"
            found.append(f"{count} {are} since 1970, and the log has no times; read as no TTL")
        if self._without_ttl:
            sets = f"{grouped(self._without_ttl)} of the binary protocol's writes and touches"
            found.append(f"the log does not say the TTLs of {sets}")
        return (*found, "no time in its lines")

    def _read(self, line: bytes) -> bool:
        found = _LINE.match(line)
        if found is None:
            return self._read_other(line)
        client, text = found["client"], found["text"]
        if found["side"] == b">":
            self._take_answer(client, text)
            return True
        self._last = client
        header = _BYTES.match(text)
        if header is not None:
            self._opcodes.setdefault(client, int(header[1], 16))
            return True
        if text.startswith((b"Read binary protocol", b"new ", b"connection closed", b"server ")):
            self._opcodes.pop(client, None)
            self._asked.pop(client, None)
            return True
        name, *arguments = text.split() or [b""]
        rows = self._rows_of_binary(client, text)
        if rows is None:
            rows = self._rows_of_text(name, arguments)
        word = name.decode("latin-1").lower()
        if rows is None and name not in SILENT:
            self._unknown[word] += 1
        self._ask(client, word, rows or [])
        return True

    def _read_other(self, line: bytes) -> bool:
        """Read a line that names no client; what it says is of the one before."""
        opcode = self._opcodes.get(self._last, 0)
        if line.startswith(b"Value len is ") and opcode in _APPENDS:
            self._left_out[_APPENDS[opcode]] += 1
            return True
        if _OTHER.match(line):
            return True
        removed, counts = _REMOVED.fullmatch(line), _COUNTED.fullmatch(line)
        if removed is not None:
            self._ask(self._last, "delete", [CacheRow(removed["key"], Operation.DELETE)])
        elif counts is not None:
            made = max(0.0, float(counts["ttl"])) or math.nan
            row = CacheRow(counts["key"], Operation.SET, ttl=KEPT, made_ttl=made)
            self._ask(self._last, "incr", [row])
        return removed is not None or counts is not None

    def _rows_of_binary(self, client: bytes, text: bytes) -> list[CacheRow] | None:
        """Return what a command of the binary protocol does; None where it is of another."""
        if client not in self._opcodes:
            return None
        if text.startswith(b"GET "):
            return [CacheRow(text[4:], Operation.GET)]
        if text.startswith(b"TOUCH "):
            self._without_ttl += 1
            reads = self._opcodes[client] in _READS_TOO
            return [CacheRow(text[6:], Operation.GET)] if reads else []
        stored = _STORED.fullmatch(text)
        if stored is None:
            return [] if text.startswith(b"STATS") else None
        self._without_ttl += 1
        return [CacheRow(stored["key"], _CODES[stored["name"]], int(stored["size"]))]

    def _rows_of_text(self, name: bytes, arguments: Sequence[bytes]) -> list[CacheRow] | None:
        if name == b"flush_all":
            if arguments and arguments[0].isdigit() and arguments[0].strip(b"0"):
                self._left_out["flush_all with a delay"] += 1
                return []
            return [CacheRow(key, Operation.DELETE) for key in self._there]
        try:
            return rows_of(name, arguments)
        except (ValueError, IndexError):  # the server answered with an error
            return []

    def _take_answer(self, client: bytes, text: bytes) -> None:
        asked = self._asked.get(client)
        if asked is None or text.startswith(b"sending key "):
            return
        del self._asked[client]
        answer = text.removeprefix(b"NOREPLY ")
        if answer.startswith(_MISSES):
            # A cache that holds more would have had what this one did not find.
            if asked.codes - _HARMLESS:
                self._take_back(asked, self._undone)
        elif answer.startswith(_REFUSALS):
            # The entry that could not be replaced is removed.
            lost = asked.name == "set" and answer.startswith(b"SERVER_ERROR")
            self._take_back(asked, self._removed if lost else self._undone)
        elif answer.startswith(_DONE) and asked.codes & {ADD, REPLACE}:
            self._stored.extend(asked.rows)

    def _take_back(self, asked: _Asked, into: list[int]) -> None:
        into.extend(asked.rows)
        for key, size in asked.there.items():
            if size is None or into is self._removed:
                self._there.pop(key, None)
            else:
                self._there[key] = size
        if asked.rows:
            self._refused[asked.name] += 1
        elif self._unknown[asked.name]:
            self._unknown[asked.name] -= 1

    def _ask(self, client: bytes, name: str, rows: Sequence[CacheRow]) -> None:
        first = self._rows
        before: dict[bytes, float | None] = {}
        for row in rows:
            before.setdefault(row.key, self._there.get(row.key))
            self._add(row)
        codes = frozenset(row.code for row in rows)
        self._asked[client] = _Asked(name, range(first, self._rows), codes, before)

    def _add(self, row: CacheRow) -> None:
        held = self._there.get(row.key)
        size, ttl = row.size, row.ttl
        if row.is_part:
            size += held or 0.0
        if ttl == KEPT and held is None and not math.isnan(row.made_ttl):
            ttl = row.made_ttl
        if ttl == MOMENT:
            self._moments += 1
            ttl = math.nan
        if row.code == Operation.DELETE:
            self._there.pop(row.key, None)
        elif row.code not in (Operation.GET, Operation.TOUCH):
            self._there[row.key] = (held or 0.0) if math.isnan(size) else size
        self._keys.append(row.key)
        self._sizes.append(size + len(row.key))
        self._ttls.append(ttl)
        self._codes.append(row.code)
        self._rows += 1
