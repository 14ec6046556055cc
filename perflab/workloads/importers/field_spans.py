"""`FieldNames` and `FieldSpans`: the fields of many lines of JSON or logfmt, as arrays of places.

The lines are scanned by compiled loops, which are loaded where they are needed only: it takes as
long as to read some ten thousand lines in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LOGFMT, JSON = "logfmt", "json"
# From so many bytes on, the compiled loops pay.
PAYS_FROM = 8 << 20

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


class Field(NamedTuple):
    """What lines have in one field.

    Attributes:
        kinds: uint8 of shape (lines,), a kind of `perflab.kernels.texts.spans` each.
        starts: int32 of the same shape, the first byte of what is a text or a number.
        ends: int32 of the same shape, the byte after its last.
    """

    kinds: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    def taken(self, rows: Rows | Flags) -> Field:
        """Return the field of some of the lines."""
        return Field(self.kinds[rows], self.starts[rows], self.ends[rows])


class FieldNames:
    """Fields that are looked for.

    Args:
        names: Their names; of JSON, those within another with a dot.
        form: `JSON` or `LOGFMT`.
        moment: The name of a date and time before the first pair of logfmt; empty for none.
    """

    def __init__(self, names: Sequence[str], form: str = JSON, moment: str = "") -> None:
        from perflab.kernels.texts.spans import names_of

        paths: list[tuple[str, ...]] = [(name,) for name in names]
        if form == JSON:
            paths += [tuple(name.split(".")) for name in names if "." in name]
        self._names, rows = names_of(paths)
        self._rows = dict(zip(paths, rows, strict=True))
        self._is_json = form == JSON
        self._moment = self._rows.get((moment,), -1) if moment else -1

    def scan(self, lines: pa.Array) -> FieldSpans:
        """Return where an Arrow array of binary lines has the fields."""
        data, offsets = buffers_of(lines)
        if self._is_json:
            from perflab.kernels.texts.json_spans import json_spans

            spans = json_spans(data, offsets, self._names)
        else:
            from perflab.kernels.texts.logfmt_spans import logfmt_spans

            spans = logfmt_spans(data, offsets, self._names, self._moment)
        return FieldSpans(data, offsets, spans, self._rows)


class FieldSpans:
    """Where lines have fields.

    Args:
        data: uint8, the bytes of the lines.
        offsets: int32, where each line begins, and where the last ends.
        spans: The `perflab.kernels.texts.spans.Spans` of all names.
        rows: Which of them each path is.

    Attributes:
        odd: Which lines are to be read in another way.
    """

    def __init__(
        self,
        data: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int32],
        spans: Any,
        rows: dict[tuple[str, ...], int],
    ) -> None:
        self.odd: Flags = spans.odd
        self._offsets = offsets
        self._data = data
        self._spans = spans
        self._rows = rows

    def field(self, name: str) -> Field:
        """Return a field: what is called by the whole name, else what a path of its parts has."""
        from perflab.kernels.texts.spans import NULL

        whole = self._at((name,))
        path = tuple(name.split("."))
        if len(path) == 1 or path not in self._rows:
            return whole
        inner = self._at(path)
        there = whole.kinds > NULL
        if not there.any():
            return inner
        return Field(
            np.where(there, whole.kinds, inner.kinds),
            np.where(there, whole.starts, inner.starts),
            np.where(there, whole.ends, inner.ends),
        )

    def texts(self, field: Field) -> pa.Array:
        """Return what is a text or a number in each line of a field, as Arrow texts."""
        data, offsets = self._copied(field, np.zeros(len(field.kinds), np.bool_))
        buffers = pa.py_buffer(offsets), pa.py_buffer(data)
        return pa.StringArray.from_buffers(len(field.kinds), *buffers)

    def lines_within(self, name: str) -> pa.Array:
        """Return the text that each line has in a field, as a binary line of its own.

        A line that has no text there is taken whole.
        """
        from perflab.kernels.texts.spans import ESCAPED, TEXT

        kinds, starts, ends = self.field(name)
        is_text = (kinds == TEXT) | (kinds == ESCAPED)
        starts = np.where(is_text, starts, self._offsets[:-1])
        ends = np.where(is_text, ends, self._offsets[1:])
        data, offsets = self._copied(Field(kinds, starts, ends), is_text)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.BinaryArray.from_buffers(pa.binary(), len(kinds), buffers)

    def numbers(self, field: Field) -> npt.NDArray[np.float64]:
        """Return the number that each line has in a field; NaN for what is not a plain one."""
        from perflab.kernels.texts.span_values import numbers_at

        return numbers_at(self._data, field.starts, field.ends)

    def moments(self, field: Field) -> npt.NDArray[np.float64]:
        """Return the seconds since 1970 of the dates in a field; NaN for other forms."""
        from perflab.kernels.texts.span_values import moments_at

        return moments_at(self._data, field.starts, field.ends)

    def first_bytes(self, field: Field) -> npt.NDArray[np.uint8]:
        """Return the first byte of each text or number in a field; 0 for what is empty."""
        there = field.ends > field.starts
        found: npt.NDArray[np.uint8] = np.where(
            there, self._data[np.where(there, field.starts, 0)], 0
        ).astype(np.uint8)
        return found

    def _at(self, path: tuple[str, ...]) -> Field:
        row = self._rows[path]
        return Field(self._spans.kinds[row], self._spans.starts[row], self._spans.ends[row])

    def _copied(
        self, field: Field, as_line: Flags
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
        from perflab.kernels.texts.span_values import texts_at
        from perflab.kernels.texts.spans import ESCAPED

        escaped = field.kinds == ESCAPED
        return texts_at(self._data, field.starts, field.ends, escaped, as_line)


def buffers_of(lines: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Return the bytes of an Arrow array of binary lines, and where each begins."""
    _, offsets, data = lines.buffers()
    places = np.frombuffer(offsets, np.int32, len(lines) + 1, 4 * lines.offset)
    return np.frombuffer(data if data is not None else b"", np.uint8), places


def byte_count(lines: pa.Array) -> int:
    """Return how many bytes an Arrow array of binary lines has."""
    if not len(lines):
        return 0
    _, places = buffers_of(lines)
    return int(places[-1]) - int(places[0])
