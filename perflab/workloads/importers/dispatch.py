"""One entry to all importers, by the format's name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from perflab.callbacks import Progress
from perflab.units import counted
from perflab.workloads.importers.binary import read_binary
from perflab.workloads.importers.blocks import read_arc, read_msr, read_spc
from perflab.workloads.importers.combined import read_combined
from perflab.workloads.importers.csv import read_csv
from perflab.workloads.importers.detect import detect
from perflab.workloads.importers.doubts import doubts
from perflab.workloads.importers.har import read_har
from perflab.workloads.importers.json_lines import read_json
from perflab.workloads.importers.oracle import read_oracle, read_oracle_csv
from perflab.workloads.importers.parquet import read_parquet
from perflab.workloads.importers.recording import read_recording
from perflab.workloads.importers.redis_monitor import read_redis_monitor
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.text import read_text
from perflab.workloads.importers.twitter import read_twitter
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.parts import is_recording

WITH_COLUMNS: dict[str, Callable[[Source, Mapping[str, str] | None], Trace]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "combined": read_combined,
    "json": read_json,
    "har": read_har,
}
PLAIN: dict[str, Callable[[Source], Trace]] = {
    "text": read_text,
    "redis_monitor": read_redis_monitor,
    "twitter": read_twitter,
    "oracle": read_oracle,
    "oracle_csv": read_oracle_csv,
    "arc": read_arc,
    "spc": read_spc,
    "msr": read_msr,
}


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
    source = Source(path, progress, sort=sort)
    kind = kind or detect(source, names_columns=bool(columns))
    trace = _read(source, kind, columns)
    trace = _with_note(trace) if source.undecodable else trace
    said = () if trace.source else doubts(trace)
    return dataclasses.replace(trace, notes=(*trace.notes, *said), check=False) if said else trace


def is_recorded(path: str) -> bool:
    """Say whether a path is of a recording; a name that no folder can have is of none."""
    try:
        return is_recording(path)
    except (OSError, ValueError, RuntimeError):  # opening it says what is wrong
        return False


def _read(source: Source, kind: str, columns: Mapping[str, str] | None) -> Trace:
    if kind in WITH_COLUMNS:
        return WITH_COLUMNS[kind](source, columns)
    if kind in PLAIN:
        return PLAIN[kind](source)
    return read_binary(source, kind)


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
