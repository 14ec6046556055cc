"""A trace as a Parquet file, which any tool reads and perflab reads back in a moment."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.errors import BadInputError
from perflab.files import check_output, whole_path
from perflab.operations import Operation
from perflab.primitives.parquet_probe import check_parquet, trust_parquet
from perflab.units import counted, grouped
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.storage.description import (
    TraceDescription,
    check_version,
    describe,
    understood,
)
from perflab.workloads.storage.stored_json import parse_json

METADATA = b"perflab.trace"
COLUMNS = ("key", "time", "size", "ttl", "backend", "op")
OPERATION_NAMES = pa.array([code.name.lower() for code in Operation])
ROW_GROUP = 1 << 26
# One dictionary page for all keys: its indices are the ids, so nothing is hashed on reading.
KEY_PAGE_BYTES = 1 << 30
CHANGED = "its rows were changed after perflab wrote it"
DAMAGED = "what perflab wrote of it is damaged and left out, such as whether it is a sample"


def write_parquet(trace: Trace, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write columns key, time, size, ttl, backend, op and a description; whole or not at all.

    Args:
        trace: What is written.
        path: The file; one of an earlier call is replaced.
        force: Whether any other file is replaced as well.

    Raises:
        BadInputError: If the file cannot be written, is somebody else's, or is the one that the
            trace was read from.
    """
    check_output(path, [trace.source] if trace.source else (), force=force, ours=is_ours)
    trace = trace.compact()
    kind, keys = _key_column(trace)
    columns = {"key": keys}
    others = {
        "time": trace.times,
        "size": trace.sizes,
        "ttl": trace.ttls,
        "backend": trace.backend_seconds,
    }
    for column, values in others.items():
        if values is not None:
            columns[column] = pa.array(values)
    if trace.operations is not None:
        codes = pa.array(trace.operations)
        columns["op"] = pa.DictionaryArray.from_arrays(codes, OPERATION_NAMES)
    description = json.dumps(
        describe(
            trace,
            n_keys=trace.n_keys,
            keys=kind,
            sample_rate=trace.sample_rate,
            all_requests=trace.all_requests,
        )
    )
    table = pa.table(columns).replace_schema_metadata({METADATA: description})
    with whole_path(path) as scratch:
        try:
            pq.write_table(
                table,
                scratch,
                row_group_size=ROW_GROUP,
                compression="zstd",
                use_dictionary=["key", "op"],
                write_page_checksum=True,
                dictionary_pagesize_limit=KEY_PAGE_BYTES,
            )
        except pa.ArrowException as error:
            raise BadInputError(
                f"cannot be written ({error}); nothing was written", str(path)
            ) from error
    trust_parquet(path)


def is_ours(path: Path) -> bool:
    """Say whether `write_parquet` wrote a file, and nobody has added columns to it since."""
    try:
        check_parquet(path, str(path))
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError):
        return False
    return METADATA in (schema.metadata or {}) and set(schema.names) <= set(COLUMNS)


def read_description(metadata: dict[bytes, bytes] | None, path: str) -> TraceDescription | None:
    """Return what `write_parquet` said of a trace; None where it said nothing that tells of rows.

    Raises:
        BadInputError: If a later perflab wrote it, or a field is damaged.
    """
    if not is_described(metadata):
        return None
    assert metadata is not None  # noqa: S101 - it is described
    place = f"{path}: its metadata {METADATA.decode()}"
    values = _parsed(metadata[METADATA], place)
    if isinstance(values, dict) and isinstance(values.get("format_version"), int):
        check_version(values["format_version"], path)
    if not isinstance(values, dict) or "fingerprint" not in values:
        return None
    return understood(TraceDescription, values, place)


def is_described(metadata: dict[bytes, bytes] | None) -> bool:
    """Say whether a file bears a description of `write_parquet`, damaged or not."""
    return metadata is not None and METADATA in metadata


def _parsed(text: bytes, place: str) -> Any:
    """Return a description; None where it is damaged so much that it tells of no rows."""
    try:
        return parse_json(text, place)
    except BadInputError:
        if b'"fingerprint"' in text:
            raise
        return None


def restore(trace: Trace, said: TraceDescription, place: str) -> Trace:
    """Give a trace that was read from a file what its description says, if it is still that one.

    Another tool may have filtered the rows and kept the description: then a note says so.

    Raises:
        BadInputError: If the description contradicts the rows.
    """
    if trace.fingerprint != said.fingerprint:
        return dataclasses.replace(trace, notes=(*trace.notes, CHANGED), check=False)
    origin = said.origin()
    origin["notes"] += trace.notes
    if said.all_requests is not None and said.all_requests < trace.reads:
        text = (
            f"{counted(said.all_requests, 'request')} in all, but {grouped(trace.reads)} here alone"
        )
        raise BadInputError(f"is damaged: {text}", place)
    restored = dataclasses.replace(
        trace,
        keys=None if said.keys == "none" else trace.keys,
        sample_rate=said.sample_rate,
        all_requests=said.all_requests,
        check=False,
        **origin,
    )
    restored.__dict__["fingerprint"] = trace.fingerprint
    return restored


def _key_column(trace: Trace) -> tuple[str, pa.Array]:
    if trace.keys is None:
        return "none", pa.array(trace.ids)
    if isinstance(trace.keys, np.ndarray):
        return "integers", pa.array(trace.keys[trace.ids])
    return "texts", pa.DictionaryArray.from_arrays(pa.array(trace.ids), trace.keys)
