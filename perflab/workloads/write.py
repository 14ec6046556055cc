"""`write_trace`: a trace as a file, in the format that its name ends with."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from perflab.errors import BadInputError, nearest
from perflab.files import check_output
from perflab.workloads.kinds.trace import Trace

SUFFIXES = (".parquet", ".csv")


def write_trace(trace: Trace, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a trace as a file, whole or not at all; `read_trace` reads it back.

    Parquet keeps everything and is read several times faster; a CSV has the columns key, time,
    size, ttl and op, for other programs. The ids of a window are numbered anew.

    Args:
        trace: What is written.
        path: The file; its name ends with ``.parquet`` or ``.csv``. A Parquet file that perflab
            wrote is replaced.
        force: Whether any other file is replaced as well.

    Raises:
        BadInputError: If the name ends with something else, or the file cannot be written, is
            somebody else's, or is the one that the trace was read from.
    """
    if _suffix(path) == ".csv":
        from perflab.workloads.storage.csv import write_csv  # loads pyarrow

        write_csv(trace, path, force=force)
    else:
        from perflab.workloads.storage.parquet import write_parquet  # loads pyarrow

        write_parquet(trace, path, force=force)


def check_trace_output(
    path: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    force: bool = False,
) -> None:
    """Refuse a file that `write_trace` could not write, before the trace is read.

    Args:
        path: The file.
        inputs: What is read; never an output.
        force: Whether a file may be replaced that perflab did not write.

    Raises:
        BadInputError: With the reason.
    """
    if _suffix(path) == ".csv":
        check_output(path, inputs, force=force)
    else:
        from perflab.workloads.storage.parquet import is_ours  # loads pyarrow

        check_output(path, inputs, force=force, ours=is_ours)


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        known = " or ".join(SUFFIXES)
        text = f"is not a name for a trace; end it with {known}{nearest(suffix, SUFFIXES)}"
        raise BadInputError(text, os.fspath(path))
    return suffix
