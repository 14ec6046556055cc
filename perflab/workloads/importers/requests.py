"""`Requests`: what the lines of a log or a trace say, collected block by block into a trace."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.units import counted, grouped
from perflab.workloads.importers.lines import line_arrays
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.encoding import KeyEncoder, integers_if_all
from perflab.workloads.kinds.trace import Trace

ADVICE = (
    "if it is of another format, name that with --format; of a log of another form make a CSV with "
    "a heading, such as key,time,size"
)
UNKNOWN_MOST = 0.5
MOST_BYTES = 2.0**63
# More of a line is not looked at: what a heading is takes the square of its length to say.
HEADING_BYTES = 500

# Which lines parse, and what those say: ``key`` (Arrow), and ``time``, ``size``, ``ttl`` (numbers).
Parsed = tuple[npt.NDArray[np.bool_], Mapping[str, Any]]
# Ids, the key of each, and the other columns by name.
Columns = tuple[npt.NDArray[np.int32], Any, dict[str, npt.NDArray[Any]]]


class Requests:
    """Collects keys and columns of numbers; lines that do not parse are skipped and counted.

    A line may say none, one or several requests.

    Args:
        source: The file.
        what: What its lines should be, for the error.
        heading: What a first line may be that is no request; it is not counted as skipped.
    """

    def __init__(self, source: Source, what: str, heading: str | None = None) -> None:
        self._source = source
        self._what = what
        self._heading = heading
        self._encoder = KeyEncoder(source.place)
        self._skipped = Skipped()
        self._columns: dict[str, list[npt.NDArray[Any]]] = {}
        self._lines = 0

    def read(self, parse: Callable[[Any], Parsed], escape: str = "\\x") -> None:
        """Take all lines of the file, as `parse` understands binary arrays of them.

        Args:
            parse: The function.
            escape: What bytes that are not UTF-8 begin with.

        Raises:
            BadInputError: If more than half do not parse; with file and line of the first.
        """
        for lines in line_arrays(self._source, nul=True, escape=escape):
            rest = self._without_heading(lines)
            good, columns = parse(rest)
            self._note_skipped(rest, good)
            self._lines += len(rest)
            self.add(columns)
        self._skipped.refuse_if_most(self._lines, self._what, ADVICE, self._source.place)

    def add(self, columns: Mapping[str, Any]) -> None:
        """Take requests: their keys, and as many numbers in each other column."""
        if not len(columns["key"]):
            return
        self._encoder.add(columns["key"])
        for name, values in columns.items():
            if name != "key":
                self._columns.setdefault(name, []).append(values)

    def skip(self, line: int, text: str) -> None:
        """Count a line that could not be read."""
        self._skipped.add(line, text)

    def columns(self) -> Columns:
        """Return ids, keys, and the other columns.

        Raises:
            BadInputError: If no request came.
        """
        ids, keys = self._encoder.finish()
        merged = {name: np.concatenate(parts) for name, parts in self._columns.items()}
        return ids, keys if isinstance(keys, np.ndarray) else integers_if_all(keys), merged

    def notes(
        self, noun: str = "lines", one: str = "line", total: int | None = None
    ) -> tuple[str, ...]:
        """Return the note on what was skipped; none if nothing was."""
        return self._skipped.notes(self._lines if total is None else total, noun, one)

    def trace(self) -> Trace:
        """Return the requests in order of their times.

        Raises:
            BadInputError: If no request came.
        """
        ids, keys, columns = self.columns()
        return ordered_trace(self._source.stem, ids, keys, columns, self.notes())

    def _without_heading(self, lines: Any) -> Any:
        first = self._lines == 0 and self._heading is not None and len(lines) > 0
        if not first or not re.match(
            self._heading or "", lines[0].as_py()[:HEADING_BYTES].decode("latin-1")
        ):
            return lines
        self._lines += 1
        return lines.slice(1)

    def _note_skipped(self, lines: Any, good: npt.NDArray[np.bool_]) -> None:
        bad = np.flatnonzero(~good)
        for done, row in enumerate(bad.tolist()):
            if not self._skipped.wants_more:
                self._skipped.add_unshown(len(bad) - done)
                return
            text = lines[row].as_py().decode(errors="replace")
            self._skipped.add(self._lines + row + 1, text)


def ordered_trace(
    name: str,
    ids: npt.NDArray[np.int32],
    keys: Any,
    columns: Mapping[str, npt.NDArray[Any]],
    notes: tuple[str, ...],
) -> Trace:
    """Return a trace sorted by time, which a note says; a size that is NaN is not known.

    A server writes a line when it has answered, so lines may be a little out of order.
    """
    times, ttls = columns.get("time"), columns.get("ttl")
    sizes, said = known_sizes(columns.get("size"))
    if ttls is not None and np.isnan(ttls).all():
        ttls = None
    trace = Trace(name, ids, len(keys), None, sizes, ttls, keys, notes=(*notes, *said))
    late = 0 if times is None else int(np.count_nonzero(times[1:] < times[:-1]))
    if times is None or not late:
        return dataclasses.replace(trace, times=times)
    order = np.argsort(times, kind="stable")
    return dataclasses.replace(
        trace,
        ids=trace.ids[order],
        times=times[order],
        sizes=None if trace.sizes is None else trace.sizes[order],
        ttls=None if trace.ttls is None else trace.ttls[order],
        notes=(
            *trace.notes,
            f"{counted(late, 'line')} earlier than the line above; sorted by time",
        ),
    ).compact()


def table_trace(
    source: Source,
    ids: npt.NDArray[np.int32],
    keys: Any,
    columns: Mapping[str, npt.NDArray[Any]],
    notes: tuple[str, ...],
) -> Trace:
    """Return a trace of a table's rows, sorted by time only where that was requested."""
    if source.sort:
        return ordered_trace(source.stem, ids, keys, columns, notes)
    times, sizes, ttls = (columns.get(role) for role in ("time", "size", "ttl"))
    return Trace(source.stem, ids, len(keys), times, sizes, ttls, keys, notes=notes)


def known_sizes(
    sizes: npt.NDArray[Any] | None,
) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    """Return sizes in which those not known (NaN) are the median of the others, and a note.

    None where more than half are not known.
    """
    if sizes is None or sizes.dtype.kind != "f":
        return sizes, ()
    # Neither can be an object's: what is beyond 64 bits is no size that anybody meant.
    unknown = ~(sizes < MOST_BYTES)
    missing = int(np.count_nonzero(unknown))
    if not missing:
        return sizes.astype(np.int64), ()
    if missing == len(sizes):
        beyond = int(np.count_nonzero(sizes >= MOST_BYTES))
        text = (
            f"the size of {grouped(beyond)} of {counted(len(sizes), 'request')} is beyond 64 bits"
        )
        return None, (f"{text}; sizes are left out",) if beyond else ()
    said = f"the size of {grouped(missing)} of {counted(len(sizes), 'request')} is not known"
    if missing > UNKNOWN_MOST * len(sizes):
        return None, (f"{said}; sizes are left out",)
    median = int(np.median(sizes[~unknown]))
    filled = np.where(unknown, median, sizes).astype(np.int64)
    return filled, (f"{said}; they count as the median, {counted(median, 'byte')}",)


def numbers(texts: Any) -> npt.NDArray[np.float64]:
    """Return an Arrow array of binary texts, each a plain number, as float64."""
    return np.asarray(texts.cast(pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False))
