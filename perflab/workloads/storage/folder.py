"""A trace, arrivals or accesses written as a folder of arrays, which a live child maps."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from perflab.files import whole_folder
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.numbering import Keys
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.storage.description import describe, most_numbered
from perflab.workloads.storage.saved import is_saved, register_description

DESCRIPTION = register_description("trace.json")
COLUMNS = ("ids", "times", "sizes", "ttls", "operations", "backend_seconds")
ARRIVALS_DESCRIPTION = register_description("arrivals.json")
ARRIVALS_COLUMNS = ("times", "durations")
ACCESSES_DESCRIPTION = register_description("accesses.json")
ACCESSES_COLUMNS = ("rows",)


def save_trace(trace: Trace, folder: str | os.PathLike[str]) -> None:
    """Write a trace as one .npy file a column and a description; whole or not at all.

    One of few requests for very many keys is written with those alone that are requested.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    if trace.keys is None and trace.n_keys > most_numbered(len(trace)):
        trace = trace.compact()
    with whole_folder(folder, is_saved) as scratch:
        keys = _save_keys(trace.keys, scratch)
        own = {"n_keys": trace.n_keys, "keys": keys, "sample_rate": trace.sample_rate}
        own["all_requests"] = trace.all_requests
        _write(trace, scratch, DESCRIPTION, COLUMNS, **own)


def save_arrivals(arrivals: Arrivals, folder: str | os.PathLike[str]) -> None:
    """Write arrivals as `save_trace` writes a trace.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        _write(arrivals, scratch, ARRIVALS_DESCRIPTION, ARRIVALS_COLUMNS)


def save_accesses(accesses: Accesses, folder: str | os.PathLike[str]) -> None:
    """Write accesses as `save_trace` writes a trace.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        own = {"n_rows": accesses.n_rows}
        _write(accesses, scratch, ACCESSES_DESCRIPTION, ACCESSES_COLUMNS, **own)


def _write(
    workload: Workload, scratch: Path, file: str, columns: tuple[str, ...], **own: object
) -> None:
    there = [name for name in columns if getattr(workload, name) is not None]
    for name in there:
        np.save(scratch / f"{name}.npy", getattr(workload, name))
    sizes = {path.name: path.stat().st_size for path in scratch.iterdir()}
    description = describe(workload, columns=there, files=sizes, **own)
    (scratch / file).write_text(json.dumps(description, indent=1), encoding="utf-8")


def _save_keys(keys: Keys | None, scratch: Path) -> str:
    if keys is None:
        return "none"
    if isinstance(keys, np.ndarray):
        np.save(scratch / "keys.npy", keys)
        return "integers"
    import pyarrow as pa  # a child opens traces of integers without it

    with pa.OSFile(str(scratch / "keys.arrow"), "wb") as sink:
        table = pa.record_batch([keys.cast(pa.large_string())], names=["key"])
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_batch(table)
    return "texts"
