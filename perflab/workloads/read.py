"""`read_trace` and `read_arrivals`: a file of any known format as a trace or as arrivals."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
from perflab.workloads.guard import bad_input_only
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace


@naming_extra("cli")
def read_trace(
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    *,
    sort: bool = False,
    log_format: str | None = None,
    time_unit: str | None = None,
    separator: str | None = None,
    no_header: bool = False,
) -> Trace:
    """Read a trace from a file, compressed or not, or from the folder of `perflab.record`.

    Args:
        path: The file or folder.
        format: One of `FORMATS`; detected if not given, except raw binary formats and what
            could as well be something else.
        columns: Which column or field is the key, time, size, ttl or op, such as
            ``{"key": "url"}``. The key may be a template of several, such as
            ``{"key": "{host}{path}"}``.
        progress: Called with bytes read and bytes in all; what it raises stops the reading.
        sort: Whether to sort the rows of a table by time, which must else not run backwards;
            such a trace has no source. Logs and recordings are always sorted.
        log_format: The form of a log's lines: nginx's `log_format` or Apache's `LogFormat` as it
            stands in the configuration, or a name, such as ``combined`` or ``alb``.
        time_unit: The unit of times that are numbers: ``s``, ``ms``, ``us`` or ``ns``; told by
            their size if not given, where they count from 1970.
        separator: What parts the columns of a text table: a character, ``tab``, or ``blank`` for
            any number of blanks.
        no_header: Whether the first line of a text table is a row; its columns are then named by
            number, such as ``{"key": "2"}``.

    Raises:
        BadInputError: With the place, if the file cannot be read as a trace.
    """
    if format is not None and format not in FORMATS:
        raise BadInputError(f"unknown format {format!r}{nearest(format, FORMATS)}", "format")
    from perflab.workloads.importers.dispatch import import_file  # loads pyarrow
    from perflab.workloads.importers.reading import check_format, with_options

    columns = with_options(
        columns,
        log_format=log_format,
        time_unit=time_unit,
        separator=separator,
        no_header=no_header,
    )
    check_format(format, columns)

    place = os.fspath(path)
    with bad_input_only(place, format or "a trace", progress) as watched:
        trace = import_file(place, format, columns, watched, sort=sort)
    if trace.source or sort or is_pipe(place):
        return trace
    named = {"format": format, "columns": dict(columns or {})}
    options = {option: value for option, value in named.items() if value}
    return dataclasses.replace(trace, source=place, options=options, check=False)


@naming_extra("cli")
def read_arrivals(
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    *,
    log_format: str | None = None,
    time_unit: str | None = None,
    separator: str | None = None,
    no_header: bool = False,
) -> Arrivals:
    """Read when requests came, and how long each was served, from a file, compressed or not.

    Args:
        path: The file: one of arrivals, or a trace with times.
        format: One of `ARRIVAL_FORMATS` or `FORMATS`; detected if not given.
        columns: For tables: which column is the start, end, duration (seconds) or duration_ms,
            such as ``{"start": "ts"}``.
        progress: Called with bytes read and bytes in all; what it raises stops the reading.
        log_format: As in `read_trace`.
        time_unit: As in `read_trace`; durations are seconds whatever it is.
        separator: As in `read_trace`.
        no_header: As in `read_trace`.

    Raises:
        BadInputError: With the place, if the file does not say when requests came.
    """
    known = (*ARRIVAL_FORMATS, *FORMATS)
    if format is not None and format not in known:
        raise BadInputError(f"unknown format {format!r}{nearest(format, known)}", "format")
    from perflab.workloads.importers.arrivals import import_arrivals  # loads pyarrow
    from perflab.workloads.importers.reading import check_format, with_options

    columns = with_options(
        columns,
        log_format=log_format,
        time_unit=time_unit,
        separator=separator,
        no_header=no_header,
    )
    check_format(format, columns)

    place = os.fspath(path)
    with bad_input_only(place, format or "arrivals", progress) as watched:
        arrivals = import_arrivals(place, format, columns, watched)
    if arrivals.source or is_pipe(place):
        return arrivals
    named = {"format": format, "columns": dict(columns or {})}
    options = {option: value for option, value in named.items() if value}
    return dataclasses.replace(arrivals, source=place, options=options, check=False)


def is_pipe(path: str) -> bool:
    """Say whether a path is of something that gives its content only once."""
    try:
        return stat.S_ISFIFO(Path(path).expanduser().stat().st_mode)
    except (OSError, ValueError, RuntimeError):
        return False
