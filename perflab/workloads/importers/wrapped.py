"""What containers and loggers put around each line of a log: Docker, Kubernetes, journald, syslog.

It is taken off where what is inside is a log that is known by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.field_spans import PAYS_FROM, FieldNames

_MOST = 0.8
_LOOKED_AT = 20
_PREFIX_BYTES = 400
# What begins a line, by who writes it.
_ISO = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})"
_MARK = "(?:\ufeff)"
_PREFIXES = {
    "Kubernetes": rf"^{_ISO} (?:stdout|stderr) [FP] ",
    "syslog": (
        r"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}"
        rf"|{_ISO}) [^\s\[]+ [^\s\[:]+(?:\[\d+\])?: "
    ),
    "syslog (RFC 5424)": rf"^<\d{{1,3}}>1 {_ISO} \S+ \S+ \S+ \S+ (?:-|\[[^\]]*\]) {_MARK}?",
    "kubectl logs --prefix": rf"^\[pod/[^\]\s]+\] (?:{_ISO} )?",
    "a container's time": rf"^{_ISO} ",
    "Docker Compose": r"^[\w.-]+ +\| (?:" + _ISO + " )?",
}
# Fields of JSON objects that may hold a whole line, by who writes them.
_FIELDS = {
    "log": "Docker's JSON",
    "MESSAGE": "journald's JSON",
    "message": "JSON objects",
    "textPayload": "Cloud Logging's JSON",
    "msg": "JSON objects",
    "line": "JSON objects",
}


@dataclass(frozen=True, slots=True)
class Wrapper:
    """What stands around each line: a prefix, or a JSON object with the line in a field.

    Attributes:
        name: Who puts it there.
        prefix: A regular expression for a prefix; empty for a JSON object.
        field: The field of a JSON object; empty for a prefix.
    """

    name: str
    prefix: str = ""
    field: str = ""

    @property
    def note(self) -> str:
        """The note that says what was taken off."""
        what = f"the field {self.field} of {self.name}" if self.field else f"{self.name}'s prefix"
        return f"each line is read from {what}" if self.field else f"taken off each line: {what}"

    def take_off(self, lines: pa.Array, file_bytes: int = 0) -> pa.Array:
        """Return an Arrow array of lines without it; a line that has none stays as it is.

        Args:
            lines: They.
            file_bytes: How long the file is at the least; of a long one, columns are read.
        """
        if self.prefix:
            return pc.replace_substring_regex(lines, self.prefix, "", max_replacements=1)
        if file_bytes >= PAYS_FROM and len(lines):
            return self._inside_of_many(lines)
        return pa.array([self._inside(line) for line in lines.to_pylist()], pa.binary())

    def unwrap(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return lines without it."""
        if self.prefix:
            pattern = re.compile(self.prefix.encode())
            return [pattern.sub(b"", line, count=1) for line in lines]
        return [self._inside(line) for line in lines]

    def _inside_of_many(self, lines: pa.Array) -> pa.Array:
        """Return what `take_off` does; only lines that are odd are read one by one."""
        spans = FieldNames([self.field]).scan(lines)
        found = spans.lines_within(self.field)
        if not spans.odd.any():
            return found
        odd = pa.array(spans.odd)
        rest = [self._inside(line) for line in lines.filter(odd).to_pylist()]
        return pc.replace_with_mask(found, odd, pa.array(rest, pa.binary()))

    def _inside(self, line: bytes) -> bytes:
        try:
            found = orjson.loads(line)[self.field]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return line
        return found.rstrip("\r\n").encode() + b"\n" if isinstance(found, str) else line


def wrappers_of(lines: Sequence[bytes]) -> list[Wrapper]:
    """Return what may stand around lines, likeliest first."""
    looked = lines[:_LOOKED_AT]
    least = max(1, _MOST * len(looked))
    found = [
        Wrapper(name, prefix=prefix)
        for name, prefix in _PREFIXES.items()
        if sum(bool(re.match(prefix.encode(), line[:_PREFIX_BYTES])) for line in looked) >= least
    ]
    objects = [value for line in looked if isinstance(value := _object(line), dict)]
    found += [
        Wrapper(name, field=field)
        for field, name in _FIELDS.items()
        if sum(isinstance(value.get(field), str) for value in objects) >= least
    ]
    return found


def _object(line: bytes) -> Any:
    try:
        return orjson.loads(line) if line.lstrip()[:1] == b"{" else None
    except orjson.JSONDecodeError:
        return None
