"""One entry to all importers, by the format's name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from importlib import import_module

import pyarrow as pa
import pyarrow.compute as pc

from perflab.callbacks import Progress
from perflab.units import counted
from perflab.workloads.formats import NAMED_COLUMNS, READERS
from perflab.workloads.importers.access_log import read_log
from perflab.workloads.importers.binary import read_binary
from perflab.workloads.importers.csv_heading import table_header
from perflab.workloads.importers.detect import detect, detect_wrapper
from perflab.workloads.importers.doubts import doubts
from perflab.workloads.importers.log_names import LOGS
from perflab.workloads.importers.reading import Reading, check_applies
from perflab.workloads.importers.recording import read_recording
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.w3c import read_w3c
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.parts import is_recording


def import_file(
    path: str,
    kind: str | None,
    columns: Mapping[str, str] | None,
    progress: Progress | None,
    *,
    sort: bool = False,
) -> Trace:
    """Read a file of a given or detected format, or a recording's folder.

    Raises:
        BadInputError: With the place, if the file cannot be read as a trace.
    """
    if kind is None and not columns and is_recorded(path):
        return read_recording(path, progress)
    reading = Reading.of(columns)
    source = Source(path, progress, sort=sort, reading=reading)
    trace = _read(source, _kind(source, kind, reading), reading)
    if source.wrapper is not None:
        notes = (source.wrapper.note, *trace.notes)
        trace = dataclasses.replace(trace, notes=notes, check=False)
    trace = _with_note(trace) if source.undecodable else trace
    said = () if trace.source else doubts(trace)
    return dataclasses.replace(trace, notes=(*trace.notes, *said), check=False) if said else trace


@dataclasses.dataclass(frozen=True, slots=True)
class HowRead:
    """How a file is read.

    Attributes:
        kind: The name of its format; a recording's is its own, and ``log`` that of a log whose
            form was named.
        separator: What parts the columns of a text table; None for what is none.
        log_format: The form of a log's lines that the user named, or None.
        named: Whether the user named the format or that form.
    """

    kind: str
    separator: str | None = None
    log_format: str | None = None
    named: bool = False


def how_read(path: str, kind: str | None, columns: Mapping[str, str] | None) -> HowRead:
    """Return how a file is read; only its first bytes are looked at.

    Raises:
        BadInputError: With the place, if the file cannot be read as a trace.
    """
    if kind is None and not columns and is_recorded(path):
        return HowRead("recording")
    reading = Reading.of(columns)
    source = Source(path, reading=reading)
    found = _kind(source, kind, reading)
    separator = table_header(source)[1] if found == "csv" else None
    named = kind is not None or reading.log_format is not None
    return HowRead(found, separator, reading.log_format, named)


def _kind(source: Source, kind: str | None, reading: Reading) -> str:
    if reading.log_format is not None:
        kind = detect_wrapper(source, reading.log_format)
    elif reading.is_table:
        kind = kind or "csv"
    if kind is None:
        kind = detect(source, names_columns=bool(reading.columns))
        check_applies("combined" if kind in LOGS else kind, reading)
    return kind


def is_recorded(path: str) -> bool:
    """Say whether a path is of a recording; a name that no folder can have is of none."""
    try:
        return is_recording(path)
    except (OSError, ValueError, RuntimeError):  # opening it says what is wrong
        return False


def _read(source: Source, kind: str, reading: Reading) -> Trace:
    columns = reading.columns
    if kind == "w3c":
        return read_w3c(source, columns)
    if kind in NAMED_COLUMNS:
        return _reader(kind)(source, columns)
    if kind in LOGS:
        return read_log(source, columns, reading.log_format or kind)
    if kind in READERS:
        return _reader(kind)(source)
    return read_binary(source, kind)


def _reader(kind: str) -> Callable[..., Trace]:
    module, _, name = READERS[kind].partition(":")
    found: Callable[..., Trace] = getattr(import_module(f"{__package__}.{module}"), name)
    return found


def _with_note(trace: Trace) -> Trace:
    """Say how many keys hold bytes that are not UTF-8; those elsewhere in a line change nothing."""
    if not isinstance(trace.keys, pa.Array | pa.ChunkedArray):
        return trace
    count = pc.sum(pc.match_substring_regex(trace.keys, r"\\x[0-9a-f]{2}")).as_py()
    if not count:
        return trace
    holds = f"{counted(count, 'key')} {'holds' if count == 1 else 'hold'}"
    note = f"{holds} bytes that are not UTF-8, shown as \\xNN"
    return dataclasses.replace(trace, notes=(*trace.notes, note), check=False)
