"""A folder of arrays read back: mapped into memory, and checked, as files may be damaged or lie.

Compiled code indexes arrays by the ids that stand here, so that a single wrong one would write
where it must not. The checks are some passes over the arrays, a fraction of what a what-if costs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from perflab.errors import BadInputError
from perflab.primitives.mapped_array import mapped_column
from perflab.units import counted, grouped
from perflab.workloads.kinds.accesses import MOST_ROWS, Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.check import (
    Fault,
    find_bad_duration,
    find_bad_size,
    find_bad_time,
    find_bad_ttl,
)
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.storage.description import (
    Description,
    TraceDescription,
    most_numbered,
    read_described,
)

# Content of up to so many bytes is compared with its fingerprint, which takes a tenth of a second.
VERIFIED_BYTES = 1 << 26
_CHANGED = "was changed or damaged after perflab wrote it; save it again"

Array = npt.NDArray[Any]
Finder = Callable[[Array], Fault | None]
_W = TypeVar("_W", Trace, Arrivals, Accesses)


class _FolderOfTrace(TraceDescription):
    columns: list[Literal["ids", "times", "sizes", "ttls"]]


class _FolderOfArrivals(Description):
    columns: list[Literal["times", "durations"]]


class _FolderOfAccesses(Description):
    columns: list[Literal["rows"]]
    n_rows: Annotated[int, Field(ge=1, le=MOST_ROWS)]


def open_trace(folder: str | os.PathLike[str]) -> Trace:
    """Map the folder of a trace into memory.

    Raises:
        BadInputError: If it is not such a folder, damaged, or of a later version.
    """
    with _within(folder) as place:
        return _trace(place, str(folder))


def _trace(place: Path, folder: str) -> Trace:
    otherwise = "is not the folder of a trace"
    said = read_described(_FolderOfTrace, folder, "trace.json", otherwise)
    ids = _only(place, said.columns, "ids", np.int32)
    if not len(ids):
        raise BadInputError("is damaged: it holds no request", folder)
    if ids.min() < 0 or ids.max() >= said.n_keys:
        index = int(np.argmax((ids < 0) | (ids >= said.n_keys)))
        text = f"is damaged: request {grouped(index)} is for the id {ids[index]}, not one of "
        raise BadInputError(f"{text}0 to {said.n_keys - 1}", folder)
    if said.keys == "none" and said.n_keys > most_numbered(len(ids)):
        named = f"{counted(said.n_keys, 'key')} for {counted(len(ids), 'request')}"
        text = f"is damaged: it names {named}, and lists none"
        raise BadInputError(text, folder)
    kinds: dict[str, tuple[npt.DTypeLike, Finder]] = {
        "times": (np.float64, find_bad_time),
        "sizes": (np.int64, find_bad_size),
        "ttls": (np.float64, find_bad_ttl),
    }
    others: dict[str, Any] = {
        name: _checked(place, name, dtype, len(ids), find)
        for name, (dtype, find) in kinds.items()
        if name in said.columns
    }
    if said.all_requests is not None and said.all_requests < len(ids):
        of_all = counted(said.all_requests, "request")
        text = f"is damaged: {of_all} in all, but {grouped(len(ids))} here alone"
        raise BadInputError(text, folder)
    trace = Trace(
        ids=ids,
        n_keys=said.n_keys,
        keys=_open_keys(said, place),
        sample_rate=said.sample_rate,
        all_requests=said.all_requests,
        check=False,
        **others,
        **said.origin(),
    )
    trace.check_total()
    return _verified(trace, said, [ids, *others.values()], folder)


def open_arrivals(folder: str | os.PathLike[str]) -> Arrivals:
    """Map the folder of arrivals into memory.

    Raises:
        BadInputError: If it is not such a folder, damaged, or of a later version.
    """
    with _within(folder) as place:
        return _arrivals(place, str(folder))


def _arrivals(place: Path, folder: str) -> Arrivals:
    otherwise = "is not the folder of arrivals"
    said = read_described(_FolderOfArrivals, folder, "arrivals.json", otherwise)
    if "times" not in said.columns:
        raise BadInputError("is damaged: it has no times", folder)
    times = _checked(place, "times", np.float64, None, find_bad_time)
    if not len(times):
        raise BadInputError("is damaged: it holds no request", folder)
    durations = None
    if "durations" in said.columns:
        durations = _checked(place, "durations", np.float64, len(times), find_bad_duration)
    arrivals = Arrivals(times=times, durations=durations, check=False, **said.origin())
    return _verified(arrivals, said, [times] if durations is None else [times, durations], folder)


def open_accesses(folder: str | os.PathLike[str]) -> Accesses:
    """Map the folder of accesses into memory.

    Raises:
        BadInputError: If it is not such a folder, damaged, or of a later version.
    """
    with _within(folder) as place:
        return _accesses(place, str(folder))


def _accesses(place: Path, folder: str) -> Accesses:
    otherwise = "is not the folder of accesses"
    said = read_described(_FolderOfAccesses, folder, "accesses.json", otherwise)
    rows = _only(place, said.columns, "rows", np.int32, np.int64)
    if not len(rows) or rows.min() < 0 or rows.max() >= said.n_rows:
        text = f"is damaged: its row numbers are not all between 0 and {grouped(said.n_rows - 1)}"
        raise BadInputError(text, folder)
    accesses = Accesses(rows=rows, n_rows=said.n_rows, check=False, **said.origin())
    return _verified(accesses, said, [rows], folder)


@contextmanager
def _within(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the folder; what is wrong with a file in it is wrong with the folder."""
    place = Path(folder).expanduser()
    try:
        yield place
    except BadInputError as error:
        inner = (error.place or "").removeprefix(str(place)).lstrip(os.sep)
        if error.place == str(folder) or not inner:
            raise
        raise BadInputError(f"{inner} {error.message}", str(folder)) from None


def _only(place: Path, columns: list[Any], name: str, *dtypes: npt.DTypeLike) -> Array:
    if name not in columns:
        raise BadInputError(f"is damaged: it has no {name}", str(place))
    return mapped_column(place / f"{name}.npy", dtypes)


def _checked(
    place: Path, name: str, dtype: npt.DTypeLike, length: int | None, find: Finder
) -> Array:
    values = mapped_column(place / f"{name}.npy", [dtype], length)
    fault = find(values)
    if fault is not None:
        raise BadInputError(f"is damaged: {fault[1]}", f"{place / name}.npy[{fault[0]}]")
    return values


def _open_keys(said: TraceDescription, place: Path) -> Any:
    if said.keys == "none":
        return None
    if said.keys == "integers":
        return mapped_column(place / "keys.npy", [np.int64], said.n_keys)
    from perflab.workloads.storage.key_file import open_texts  # loads pyarrow

    return open_texts(place / "keys.arrow", said.n_keys)


def _verified(workload: _W, said: Description, arrays: list[Array], folder: str) -> _W:
    """Refuse what is not what was written, as far as comparing it is quick.

    The fingerprint of more is computed when it is requested, and never taken from the description:
    what is kept for one workload must not answer for another.
    """
    held = sum(array.nbytes for array in arrays)
    if held <= VERIFIED_BYTES and workload.fingerprint != said.fingerprint:
        raise BadInputError(_CHANGED, folder)
    return workload
