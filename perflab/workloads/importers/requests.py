"""`Requests`: what the lines of a log or a trace say, collected block by block into a trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.units import counted, grouped
from perflab.workloads.importers.lines import line_arrays
from perflab.workloads.importers.operation_column import repeated, without_refused
from perflab.workloads.importers.operations import operated
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.encoding import KeyEncoder, integers_if_all
from perflab.workloads.kinds.trace import Trace

ADVICE = (
    "if it is of another format, name that with --format; describe a log of another form by "
    "its server's words with --log-format, such as '$remote_addr [$time_local] \"$request\" "
    "$status $body_bytes_sent'"
)
UNKNOWN_MOST = 0.5
MOST_BYTES = 2.0**63
# More of a line is not looked at: what a heading is takes the square of its length to say.
HEADING_BYTES = 500

# Which lines parse, and what those say: ``key`` (Arrow), and numbers: ``time``, ``size``,
# ``ttl``, ``backend``.
Parsed = tuple[npt.NDArray[np.bool_], Mapping[str, Any]]
# Ids, the key of each, and the other columns by name.
Columns = tuple[npt.NDArray[np.int32], Any, dict[str, npt.NDArray[Any]]]


class Named(Protocol):
    """Where requests come from: what people call it, and its place in errors."""

    @property
    def stem(self) -> str:
        """The name of the trace."""

    @property
    def place(self) -> str:
        """The file or folder."""


class Requests:
    """Collects keys and columns of numbers; lines that do not parse are skipped and counted.

    A line may say none, one or several requests.

    Args:
        source: The file.
        what: What its lines should be, for the error.
        heading: What a first line may be that is no request; it is not counted as skipped.
        advice: What to do where most lines do not parse.
    """

    def __init__(
        self, source: Source, what: str, heading: str | None = None, advice: str = ADVICE
    ) -> None:
        self._source = source
        self._advice = advice
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
        self._skipped.refuse_if_most(self._lines, self._what, self._advice, self._source.place)

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
        return ordered_trace(self._source, ids, keys, columns, self.notes())

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
    source: Named,
    ids: npt.NDArray[np.int32],
    keys: Any,
    columns: Mapping[str, npt.NDArray[Any]],
    notes: tuple[str, ...],
    *,
    fill: bool = True,
) -> Trace:
    """Return a trace sorted by time, which a note says; a size that is NaN is not known.

    A server writes a line when it has answered, so lines may be a little out of order.

    Args:
        source: Where they come from.
        ids: The key of each row.
        keys: The key of each id.
        columns: ``time``, ``size``, ``ttl``, ``backend`` and ``op``, as far as they are known.
        notes: What is to be said.
        fill: As `operated` takes it.

    Raises:
        BadInputError: If there is no read.
    """
    columns = dict(columns)
    times = columns.get("time")
    late = 0 if times is None else int(np.count_nonzero(times[1:] < times[:-1]))
    if times is not None and late:
        order = np.argsort(times, kind="stable")
        ids, columns = ids[order], {name: values[order] for name, values in columns.items()}
        notes = (
            *notes,
            f"{counted(late, 'line')} earlier than the line above; sorted by time",
        )
    rows = len(ids)
    ids, columns = operated(source.place, ids, columns, fill=fill)
    sizes, said = known_sizes(columns.get("size"))
    trace = Trace(
        source.stem,
        ids,
        len(keys),
        columns.get("time"),
        sizes,
        _known(columns.get("ttl")),
        keys,
        notes=(*notes, *said),
        operations=columns.get("op"),
        backend_seconds=_known(columns.get("backend")),
    )
    return trace.compact() if late or len(ids) != rows else trace


def table_trace(
    source: Source,
    ids: npt.NDArray[np.int32],
    keys: Any,
    columns: Mapping[str, npt.NDArray[Any]],
    notes: tuple[str, ...],
) -> Trace:
    """Return a trace of a table's rows, sorted by time only where that was requested.

    Raises:
        BadInputError: If there is no read.
    """
    columns = dict(columns)
    rows = len(ids)
    ids, columns = without_refused(ids, columns)
    some_refused = len(ids) < rows
    counts = columns.pop("count", None)
    if counts is not None and "op" in columns:
        ids, columns = repeated(ids, columns, counts, source.place)
    if source.sort or "op" in columns:
        trace = ordered_trace(source, ids, keys, columns, notes, fill=False)
        return trace.compact() if some_refused else trace
    sizes, said = known_sizes(columns.get("size"))
    return Trace(
        source.stem,
        ids,
        len(keys),
        columns.get("time"),
        sizes,
        _known(columns.get("ttl")),
        keys,
        notes=(*notes, *said, *no_sizes_note(columns)),
        backend_seconds=_known(columns.get("backend")),
    )


def _known(values: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    """Return a column; None where it is NaN throughout."""
    return None if values is None or np.isnan(values).all() else values


def no_sizes_note(columns: Mapping[str, npt.NDArray[Any]]) -> tuple[str, ...]:
    """Return a note where a column of sizes holds none that is known."""
    sizes = columns.get("size")
    if sizes is None or sizes.dtype.kind != "f" or not np.isnan(sizes).all():
        return ()
    return (f"no size is known of {counted(len(sizes), 'request')}; sizes are left out",)


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
