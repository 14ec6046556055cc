"""A trace as a folder of arrays, mapped into memory: what a live child opens."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from perflab.settings import BadInputError
from perflab.workloads.description import check_version, describe, origin
from perflab.workloads.files import whole_path
from perflab.workloads.trace import Trace

DESCRIPTION = "trace.json"
COLUMNS = ("ids", "times", "sizes", "ttls")


def save_folder(trace: Trace, folder: str | os.PathLike[str]) -> None:
    """Write a trace as one .npy file a column and a description; whole or not at all.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    target = Path(folder).expanduser()
    if target.exists() and not (target / DESCRIPTION).is_file() and not _is_empty(target):
        raise BadInputError("holds something else; name another folder", str(folder))
    columns = [name for name in COLUMNS if getattr(trace, name) is not None]
    with whole_path(target, folder=True) as scratch:
        for name in columns:
            np.save(scratch / f"{name}.npy", getattr(trace, name))
        description = describe(trace, columns=columns, keys=_save_keys(trace.keys, scratch))
        (scratch / DESCRIPTION).write_text(json.dumps(description, indent=1), encoding="utf-8")


def open_folder(folder: str | os.PathLike[str]) -> Trace:
    """Map a folder of `save_folder` into memory.

    Raises:
        BadInputError: If it is not such a folder, or of a later version.
    """
    place = Path(folder).expanduser()
    try:
        description = json.loads((place / DESCRIPTION).read_text(encoding="utf-8"))
        check_version(description["format_version"], str(folder))
        arrays: dict[str, Any] = {
            name: np.asarray(np.load(place / f"{name}.npy", mmap_mode="r"))
            for name in description["columns"]
        }
        trace = Trace(
            n_keys=description["n_keys"],
            keys=_open_keys(description["keys"], place),
            check=False,
            **origin(description),
            **arrays,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"is not the folder of a trace ({error})", str(folder)) from None
    # What cached_property would compute by reading every page.
    trace.__dict__["fingerprint"] = description["fingerprint"]
    return trace


def _is_empty(target: Path) -> bool:
    return target.is_dir() and not any(target.iterdir())


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
