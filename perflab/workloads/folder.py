"""A trace or arrivals as a folder of arrays, mapped into memory: what a live child opens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from perflab.files import whole_folder
from perflab.settings import BadInputError
from perflab.workloads.accesses import Accesses
from perflab.workloads.arrivals import Arrivals
from perflab.workloads.description import check_version, describe, origin
from perflab.workloads.saved import is_saved
from perflab.workloads.trace import Trace
from perflab.workloads.workload import Workload

DESCRIPTION = "trace.json"
COLUMNS = ("ids", "times", "sizes", "ttls")
ARRIVALS_DESCRIPTION = "arrivals.json"
ARRIVALS_COLUMNS = ("times", "durations")
ACCESSES_DESCRIPTION = "accesses.json"
ACCESSES_COLUMNS = ("rows",)


def save_folder(trace: Trace, folder: str | os.PathLike[str]) -> None:
    """Write a trace as one .npy file a column and a description; whole or not at all.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        keys = _save_keys(trace.keys, scratch)
        own = {"n_keys": trace.n_keys, "keys": keys, "sample_rate": trace.sample_rate}
        own["all_requests"] = trace.all_requests
        _write(trace, scratch, DESCRIPTION, COLUMNS, **own)


def open_folder(folder: str | os.PathLike[str]) -> Trace:
    """Map a folder of `save_folder` into memory.

    Raises:
        BadInputError: If it is not such a folder, or of a later version.
    """
    with _reading(folder, "a trace"):
        description, arrays = _read(folder, DESCRIPTION)
        trace = Trace(
            n_keys=description["n_keys"],
            keys=_open_keys(description["keys"], Path(folder).expanduser()),
            sample_rate=description.get("sample_rate", 1.0),
            all_requests=description.get("all_requests"),
            check=False,
            **origin(description),
            **arrays,
        )
        # What cached_property would compute by reading every page.
        trace.__dict__["fingerprint"] = description["fingerprint"]
    return trace


def save_arrivals(arrivals: Arrivals, folder: str | os.PathLike[str]) -> None:
    """Write arrivals as `save_folder` writes a trace.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        _write(arrivals, scratch, ARRIVALS_DESCRIPTION, ARRIVALS_COLUMNS)


def open_arrivals(folder: str | os.PathLike[str]) -> Arrivals:
    """Map a folder of `save_arrivals` into memory.

    Raises:
        BadInputError: If it is not such a folder, or of a later version.
    """
    with _reading(folder, "arrivals"):
        description, arrays = _read(folder, ARRIVALS_DESCRIPTION)
        arrivals = Arrivals(check=False, **origin(description), **arrays)
        arrivals.__dict__["fingerprint"] = description["fingerprint"]
    return arrivals


def save_accesses(accesses: Accesses, folder: str | os.PathLike[str]) -> None:
    """Write accesses as `save_folder` writes a trace.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        own = {"n_rows": accesses.n_rows}
        _write(accesses, scratch, ACCESSES_DESCRIPTION, ACCESSES_COLUMNS, **own)


def open_accesses(folder: str | os.PathLike[str]) -> Accesses:
    """Map a folder of `save_accesses` into memory.

    Raises:
        BadInputError: If it is not such a folder, or of a later version.
    """
    with _reading(folder, "accesses"):
        description, arrays = _read(folder, ACCESSES_DESCRIPTION)
        own = {"n_rows": description["n_rows"], "check": False}
        accesses = Accesses(**origin(description), **arrays, **own)
        accesses.__dict__["fingerprint"] = description["fingerprint"]
    return accesses


def _write(
    workload: Workload, scratch: Path, file: str, columns: tuple[str, ...], **own: Any
) -> None:
    there = [name for name in columns if getattr(workload, name) is not None]
    for name in there:
        np.save(scratch / f"{name}.npy", getattr(workload, name))
    sizes = {path.name: path.stat().st_size for path in scratch.iterdir()}
    description = describe(workload, columns=there, files=sizes, **own)
    (scratch / file).write_text(json.dumps(description, indent=1), encoding="utf-8")


@contextmanager
def _reading(folder: str | os.PathLike[str], what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"is not the folder of {what} ({error})", str(folder)) from None


def _read(folder: str | os.PathLike[str], file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    place = Path(folder).expanduser()
    description = json.loads((place / file).read_text(encoding="utf-8"))
    check_version(description["format_version"], str(folder))
    columns = description["columns"]
    return description, {
        name: np.asarray(np.load(place / f"{name}.npy", mmap_mode="r")) for name in columns
    }


def _save_keys(keys: Any, scratch: Path) -> str:
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


def _open_keys(kind: str, place: Path) -> Any:
    if kind == "none":
        return None
    if kind == "integers":
        return np.asarray(np.load(place / "keys.npy", mmap_mode="r"))
    import pyarrow as pa  # a child opens traces of integers without it

    with pa.memory_map(str(place / "keys.arrow")) as source:
        return pa.ipc.open_file(source).get_batch(0).column(0)
