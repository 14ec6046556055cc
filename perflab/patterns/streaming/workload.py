"""The workload of streaming: a file of the user's, the flights as CSV, or one that is made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.files import expanded
from perflab.patterns.streaming._block_reader import BlockReader
from perflab.patterns.streaming._look import Look
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.patterns.streaming.synthetic_table import Table
from perflab.patterns.streaming.table_file import TableFile, file_fingerprint
from perflab.workloads.flights_store import flights_store
from perflab.workloads.registry.kind import WorkloadKind, register
from perflab.workloads.registry.named import WorkloadInfo, is_file, read_parameters

Spec = str | os.PathLike[str] | TableFile
FLIGHTS = "flights"
TABLES: Mapping[str, WorkloadInfo] = {
    FLIGHTS: WorkloadInfo(
        FLIGHTS, "real: flights from New York in 2013 with their planes, as CSV", {}, FLIGHTS
    ),
    Table.workload: WorkloadInfo(Table.workload, Table.summary, Table.infos(), Table().spec),
}
_COUNTED_BYTES = 1 << 26
_SAMPLE_BYTES = 1 << 22
_STEP_ROWS = 100_000


def load_table(
    spec: Spec,
    settings: StreamingSettings,
    progress: Progress | None = None,
) -> TableFile:
    """Return the table that a user means.

    Args:
        spec: A file, ``flights``, ``table:rows=2M,...``, or a table.
        settings: Whose delimiter the file has.
        progress: Called with bytes read, or rows made, and all of them.

    Raises:
        BadInputError: If there is no such file or name, or it is not a CSV file.
    """
    if isinstance(spec, TableFile):
        return spec
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    name = name.strip()
    if isinstance(spec, str) and name == FLIGHTS:
        if rest.strip():
            raise BadInputError("the flights take no parameters", text)
        return table_of(flights_store("csv"), StreamingSettings(), FLIGHTS, FLIGHTS, progress)
    if isinstance(spec, str) and name == Table.workload:
        try:
            recipe = Table.read(read_parameters(rest))
        except BadInputError as error:
            raise BadInputError(str(error), text) from None
        made = recipe.make(progress)
        return table_of(made, StreamingSettings(), recipe.spec, recipe.spec, None, recipe.rows)
    if is_file(spec):
        return table_of(Path(text), settings, Path(text).name, text, progress)
    hint = nearest(name, TABLES)
    raise BadInputError(f"is neither a workload nor a file{hint}", text or "workload")


def refuse_format(format_name: str | None, columns: Mapping[str, str] | None) -> None:
    """Refuse a format or columns, which apply only to other files: a table is read as it is.

    Raises:
        BadInputError: If a format or columns are named.
    """
    if format_name is not None or columns:
        text = "a table is read as it is; say --set delimiter=semicolon, tab or pipe"
        raise BadInputError(text, "format" if format_name is not None else "columns")


def _load(
    spec: Spec,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> TableFile:
    refuse_format(format, columns)
    return load_table(spec, StreamingSettings(), progress)


TABLE_KIND = register(
    WorkloadKind(
        "table",
        TableFile,
        _load,
        TableFile.save,
        TableFile.open,
        TableFile.summary,
        TableFile.facts,
        TABLES,
    )
)


def table_of(
    path: Path,
    settings: StreamingSettings,
    name: str,
    source: str,
    progress: Progress | None = None,
    rows: int | None = None,
) -> TableFile:
    """Look at a file: header, size, and its rows where they are not known.

    Raises:
        BadInputError: If it cannot be read or has no header.
    """
    with Look(settings.change(input_file=path)) as look:
        content, reader = look.source, look.reader
        counted = rows is not None
        found = rows or 0
        if rows is None:
            found, counted = _rows(reader, content, progress)
        return TableFile(
            name=name,
            path=str(expanded(path).resolve()),
            total_bytes=content.total_bytes,
            rows=max(1, found),
            counted=counted,
            columns=look.layout.names,
            packed=content.packed or "",
            notes=tuple(_notes(look)),
            fingerprint=file_fingerprint(expanded(path)),
            source=source,
        )


def _notes(look: Look) -> Iterator[str]:
    yield from look.notes
    if look.source.cut_off is not None:
        yield f"{look.source.cut_off}; the rows before it are read, and what follows is lost"


def _rows(reader: BlockReader, content: Source, progress: Progress | None) -> tuple[int, bool]:
    """Count the rows of a small file, and estimate those of a large one from its start."""
    whole = content.total_bytes <= _COUNTED_BYTES
    found = seen = 0
    while (block := reader.read(_STEP_ROWS)) is not None:
        found += block.records
        seen += len(block.data)
        if progress is not None and whole:
            progress(content.done_bytes, content.total_bytes)
        if not whole and seen >= _SAMPLE_BYTES:
            read = seen if content.packed is None else content.done_bytes
            return round(found * content.total_bytes / max(1, read)), False
    return found, True


def named_once(spec: Spec | None, input_file: str | None, default: str) -> Spec:
    """Return the one table that workload and setting name; the default where neither does.

    Raises:
        BadInputError: If they name two.
    """
    if input_file is None:
        return default if spec is None else spec
    if isinstance(spec, TableFile):
        return spec if spec.source in ("", input_file) else Path(input_file)
    if spec is None or spec == default:
        return Path(input_file)
    if expanded(spec) != expanded(input_file):
        text = f"names another file than the workload, {os.fspath(spec)}; leave one of them out"
        raise BadInputError(text, "input_file")
    return spec
