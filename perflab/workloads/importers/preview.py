"""The first rows of a file, for who chooses its columns, before it is read as a whole."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_json
from perflab.workloads.guard import bad_input_only
from perflab.workloads.importers.arrivals import how_arrivals_are_read
from perflab.workloads.importers.columns import ROLES, arrival_columns, choose_columns
from perflab.workloads.importers.csv_heading import lines_above, table_header
from perflab.workloads.importers.dispatch import how_read, is_recorded
from perflab.workloads.importers.json_fields import FieldIndex, dotted, getter
from perflab.workloads.importers.json_lines import is_document
from perflab.workloads.importers.json_text import load_objects
from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names
from perflab.workloads.importers.reading import Reading
from perflab.workloads.importers.role_names import JSON_NAMES, find_role
from perflab.workloads.importers.source import HEAD_BYTES, Source

FIRST_ROWS = 5
MOST_COLUMNS = 200
_TABLES = ("csv", "durations", "pg_stat_statements")
_FROM_OBJECTS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class FilePreview:
    """What stands at the beginning of a file.

    Attributes:
        kind: Its format.
        columns: The names of its columns, or of the fields of its objects, `MOST_COLUMNS` at most;
            none where it has lines alone.
        rows: The first values, a text for each column; of a file without columns one line each.
        chosen: The column of each role, as it was named, or as the reader would choose it.
        more_columns: How many columns it has beyond these.
    """

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chosen: Mapping[str, str]
    more_columns: int = 0


def preview_file(
    path: str,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    *,
    arrivals: bool = False,
) -> FilePreview | None:
    """Return the first rows of a file, of which only the beginning is read.

    Args:
        path: The file.
        kind: Its format, where it is named.
        columns: Columns and options of reading, as `read_trace` takes them.
        arrivals: Whether it is to be read for its times alone.

    Returns:
        None for binary data, and for a recording.

    Raises:
        BadInputError: If it cannot be opened, is empty, or an option is wrong.
    """
    if is_recorded(path):
        return None
    with bad_input_only(path, "a workload"):
        reading = Reading.of(columns)
        source = Source(path, reading=reading)
        found = _kind(source, kind, columns, arrivals=arrivals)
        if is_parquet(source):
            names = [name.strip() for name in parquet_names(source)]
            rows = _parquet_rows(source)
            return _of_table(found, names, rows, _chosen(found, names, reading, source.place))
        if b"\0" in source.head:
            return None
        if found in _TABLES or (found == "text" and kind is None and _is_table(source)):
            names, rows = _table(source)
            return _of_table(found, names, rows, _chosen(found, names, reading, source.place))
        if found == "json":
            return _of_objects(source, reading)
        lines = source.head.decode("utf-8", "replace").splitlines()[:FIRST_ROWS]
        return FilePreview(found, (), tuple((line,) for line in lines), {})


def _kind(
    source: Source, kind: str | None, columns: Mapping[str, str] | None, *, arrivals: bool
) -> str:
    """Return the format; of a table in which nothing has a known name, ``csv`` too."""
    how = how_arrivals_are_read if arrivals else how_read
    try:
        return how(str(source.place), kind, columns).kind
    except BadInputError:
        if b"\0" in source.head or len(table_header(source)[0]) < 2:
            return kind or "text"
        return "csv"


def _table(source: Source) -> tuple[list[str], list[list[str]]]:
    names, delimiter = table_header(source)
    above = lines_above(source)
    below = (row for line, row in _first_records(source, delimiter) if line > above)
    if source.reading.has_header:
        next(below, None)
    return [name.strip() for name in names], list(islice(below, FIRST_ROWS))


def _first_records(source: Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield what `records` does, of the file's beginning alone: a line may be a gigabyte long."""
    head = b""
    with source.reader() as reader:
        while len(head) < HEAD_BYTES and (block := reader.read(HEAD_BYTES - len(head))):
            head += block
    text = head.decode("utf-8", "ignore")
    if len(head) >= HEAD_BYTES and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(rows, None)
        except csv.Error:  # which reading the whole of it says
            return
        if row is None:
            return
        if row:
            yield rows.line_num, row


def _parquet_rows(source: Source) -> list[list[str]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(source.path) as file:
        wanted = file.schema_arrow.names[:MOST_COLUMNS]
        for batch in file.iter_batches(FIRST_ROWS, columns=wanted):
            columns = [map(_text, column.to_pylist()) for column in batch.columns]
            return [list(row) for row in zip(*columns, strict=True)]
    return []


def _is_table(source: Source) -> bool:
    """Say whether a text of one key per line may as well be a table with a heading."""
    names, rows = _table(source)
    return len(names) > 1 and bool(rows) and all(len(row) == len(names) for row in rows)


def _chosen(kind: str, names: Sequence[str], reading: Reading, place: str) -> dict[str, str]:
    wanted = dict(reading.columns)
    if kind in ("durations", "pg_stat_statements"):
        return arrival_columns(names) | wanted
    try:
        return choose_columns(names, wanted, place)
    except BadInputError:  # which the reader says; what else is there is shown all the same
        found = {role: find_role(role, names) for role in ROLES[1:-1]}
        return {role: name for role, name in found.items() if name is not None} | wanted


def _of_objects(source: Source, reading: Reading) -> FilePreview:
    objects = [each for each in _objects(source) if isinstance(each, dict)]
    names = list(dict.fromkeys(name for each in objects for name in dotted(each)))
    rows = [[_text(getter(name)(each)) for name in names] for each in objects[:FIRST_ROWS]]
    chosen = FieldIndex(objects).choose(JSON_NAMES, reading.columns) if objects else {}
    return _of_table("json", names, rows, chosen)


def _objects(source: Source) -> list[Any]:
    """Return the first objects, as far as they stand in the file's beginning."""
    if is_document(source.head) and source.wrapper is None:
        is_whole = not source.packed and source.total_bytes <= HEAD_BYTES
        return load_objects(source)[:_FROM_OBJECTS] if is_whole else []
    lines = source.head.splitlines()[:_FROM_OBJECTS]
    if source.wrapper is not None:
        lines = source.wrapper.unwrap(lines)
    found = []
    for line in lines:
        try:
            found.append(load_json(line))
        except ValueError:  # the last line of the beginning is cut
            continue
    return found


def _of_table(
    kind: str, names: Sequence[str], rows: Sequence[Sequence[str]], chosen: Mapping[str, str]
) -> FilePreview:
    shown = names[:MOST_COLUMNS]
    cells = tuple(tuple(_cells(row, len(shown))) for row in rows)
    return FilePreview(kind, tuple(shown), cells, chosen, len(names) - len(shown))


def _cells(row: Sequence[str], count: int) -> list[str]:
    """Return as many texts as there are columns."""
    return [*row[:count], *[""] * (count - len(row))]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
