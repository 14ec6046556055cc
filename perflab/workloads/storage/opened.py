"""A folder of arrays read back: mapped into memory, and checked, as files may be damaged or lie.

Compiled code indexes arrays by the ids that stand here, so that a single wrong one would write
where it must not. The checks are some passes over the arrays, a fraction of what a what-if costs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

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
    find_bad_operation,
    find_bad_size,
    find_bad_time,
    find_bad_ttl,
)
from perflab.workloads.kinds.numbering import Keys
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.storage.description import (
    Description,
    TraceDescription,
    most_numbered,
    read_described,
)

if TYPE_CHECKING:
    import pyarrow as pa

# Content of up to so many bytes is compared with its fingerprint, which takes a tenth of a second.
VERIFIED_BYTES = 1 << 26
_CHANGED = "was changed or damaged after perflab wrote it; save it again"

Array = npt.NDArray[np.number]
_E = TypeVar("_E", bound=np.generic)
_W = TypeVar("_W", Trace, Arrivals, Accesses)


class _FolderOfTrace(TraceDescription):
    columns: list[Literal["ids", "times", "sizes", "ttls", "operations", "backend_seconds"]]


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

    def there(
        name: str, dtype: type[_E], find: Callable[[npt.NDArray[_E]], Fault | None]
    ) -> npt.NDArray[_E] | None:
        held = name in said.columns
        return _checked(place, name, dtype, len(ids), find) if held else None

    times, sizes = (
        there("times", np.float64, find_bad_time),
        there("sizes", np.int64, find_bad_size),
    )
    endless = "operations" in said.columns
    ttls = there("ttls", np.float64, partial(find_bad_ttl, endless=endless))
    operations = there("operations", np.uint8, find_bad_operation)
    backend = there("backend_seconds", np.float64, find_bad_duration)
    trace = Trace(
        ids=ids,
        n_keys=said.n_keys,
        keys=_open_keys(said, place),
        sample_rate=said.sample_rate,
        all_requests=said.all_requests,
        times=times,
        sizes=sizes,
        ttls=ttls,
        operations=operations,
        backend_seconds=backend,
        check=False,
        **said.origin(),
    )
    if said.all_requests is not None and said.all_requests < trace.reads:
        of_all = counted(said.all_requests, "request")
        text = f"is damaged: {of_all} in all, but {grouped(trace.reads)} here alone"
        raise BadInputError(text, folder)
    trace.check_total()
    return _verified(trace, said, [ids, times, sizes, ttls, operations, backend], folder)


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
    return _verified(arrivals, said, [times, durations], folder)


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


def _only(
    place: Path, columns: Sequence[str], name: str, *dtypes: npt.DTypeLike
) -> npt.NDArray[Any]:
    if name not in columns:
        raise BadInputError(f"is damaged: it has no {name}", str(place))
    return mapped_column(place / f"{name}.npy", dtypes)


def _checked(
    place: Path,
    name: str,
    dtype: type[_E],
    length: int | None,
    find: Callable[[npt.NDArray[_E]], Fault | None],
) -> npt.NDArray[_E]:
    values: npt.NDArray[_E] = mapped_column(place / f"{name}.npy", [dtype], length)
    fault = find(values)
    if fault is not None:
        raise BadInputError(f"is damaged: {fault[1]}", f"{place / name}.npy[{fault[0]}]")
    return values


def _open_keys(said: TraceDescription, place: Path) -> Keys | None:
    if said.keys == "none":
        return None
    if said.keys == "integers":
        return mapped_column(place / "keys.npy", [np.int64], said.n_keys)
    return _open_texts(place / "keys.arrow", said.n_keys)


def _open_texts(path: Path, count: int) -> pa.Array:
    """Map a file of so many texts into memory and return them as an Arrow array.

    Every offset is checked, as a wrong one would read where there is nothing.

    Raises:
        BadInputError: If it is damaged, or holds anything else.
    """
    import pyarrow as pa  # a child opens traces of integers without it

    if not path.is_file():  # a pipe would hold the program up for ever
        raise BadInputError("is damaged or cut off (there is no such regular file)", str(path))
    try:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            if file.schema.types != [pa.large_string()] or file.num_record_batches != 1:
                raise BadInputError("is damaged: not one column of texts", str(path))
            batch = file.get_batch(0)
            batch.validate(full=True)
            keys = batch.column(0)
    except (pa.ArrowException, OSError, ValueError, IndexError) as error:
        if isinstance(error, BadInputError):
            raise
        reason = (str(error).splitlines() or ["not an Arrow file"])[0]
        raise BadInputError(f"is damaged or cut off ({reason[:80]})", str(path)) from None
    if len(keys) != count or keys.null_count:
        held = counted(len(keys) - keys.null_count, "key")
        text = f"is damaged: {held} where there should be {grouped(count)}"
        raise BadInputError(text, str(path))
    return keys


def _verified(workload: _W, said: Description, arrays: Sequence[Array | None], folder: str) -> _W:
    """Refuse what is not what was written, as far as comparing it is quick.

    The fingerprint of more is computed when it is requested, and never taken from the description:
    what is kept for one workload must not answer for another.
    """
    held = sum(array.nbytes for array in arrays if array is not None)
    if held <= VERIFIED_BYTES and workload.fingerprint != said.fingerprint:
        raise BadInputError(_CHANGED, folder)
    return workload
