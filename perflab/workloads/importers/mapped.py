"""Columns that are larger than memory: written to a file as they come, mapped when complete."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.settings.folders import cache_folder
from perflab.workloads.kinds.encoding import as_int64

_SEED = 0
_KEY_BYTES, _ID_BYTES, _NUMBER_BYTES = 8, 4, 8


def outgrows_memory(requests: int, columns: int) -> bool:
    """Say whether reading a trace would take more than half of the memory that is free.

    Args:
        requests: How many.
        columns: Times, sizes and TTLs, as far as it has them.
    """
    import psutil

    # Columns come in parts that are put together, so that both are there for a moment.
    needed = requests * (_KEY_BYTES + _ID_BYTES + 2 * _NUMBER_BYTES * columns)
    return needed > int(psutil.virtual_memory().available) // 2


class ListedColumn:
    """Values that come in parts and stay in memory."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[Any]] = []

    def append(self, values: npt.NDArray[Any]) -> None:
        """Take the next values."""
        self._parts.append(values)

    def array(self) -> npt.NDArray[Any]:
        """Return all values."""
        return np.concatenate(self._parts)


class MappedColumn:
    """Values of one type in a file of the user's cache folder that has no name.

    The file goes with the last array that maps it, however the process ends.
    """

    def __init__(self, dtype: npt.DTypeLike, place: str) -> None:
        self._dtype = np.dtype(dtype)
        self._place = place
        folder = cache_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives with the array
        except OSError as error:
            raise self._full(error) from error

    def append(self, values: npt.NDArray[Any]) -> None:
        """Write the next values.

        Raises:
            BadInputError: If the disk is full.
        """
        try:
            self._file.write(np.ascontiguousarray(values, self._dtype).data)
        except OSError as error:
            raise self._full(error) from error

    def array(self) -> npt.NDArray[Any]:
        """Return all values, mapped."""
        self._file.flush()
        mapped = np.asarray(np.memmap(self._file, self._dtype, "r"))
        self._file.close()
        return mapped

    def _full(self, error: OSError) -> BadInputError:
        text = (
            f"is larger than memory, and {cache_folder()} cannot hold it "
            f"({error.strerror}); PERFLAB_CACHE_DIR names another folder"
        )
        return BadInputError(text, self._place)


class MappedKeys:
    """Numbers keys by first appearance, as `KeyEncoder`; ids go to disk, distinct keys stay.

    Args:
        place: Where the keys come from, for errors.
    """

    def __init__(self, place: str) -> None:
        from perflab.kernels import GrowingIds  # loads numba

        self._place = place
        self._numbered = GrowingIds()
        self._ids = MappedColumn(np.int32, place)
        self.hashed = False

    def add(self, keys: Any) -> None:
        """Take the next Arrow array of keys: integers, texts or a dictionary of texts; no nulls.

        Raises:
            BadInputError: If a whole number does not fit into 64 bits, or the disk is full.
        """
        if pa.types.is_integer(keys.type):
            numbers = as_int64(keys, self._place)
        else:
            self.hashed = True
            numbers = _hashes(keys)
        self._ids.append(self._numbered.add(numbers))

    def finish(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Return the ids of all keys that came, mapped, and the key of each id."""
        return self._ids.array(), self._numbered.unique()


def hashed_note(encoder: object) -> tuple[str, ...]:
    """Return what is to be said of keys that came from an encoder."""
    if not isinstance(encoder, MappedKeys) or not encoder.hashed:
        return ()
    return ("the keys are 64-bit hashes of the texts, which are larger than memory",)


def _hashes(keys: Any) -> npt.NDArray[np.int64]:
    if pa.types.is_dictionary(keys.type):
        places: npt.NDArray[np.int64] = keys.indices.to_numpy(zero_copy_only=False)
        return _hashes(keys.dictionary)[places]
    import polars as pl

    hashed: npt.NDArray[np.int64] = (
        pl.Series(pl.from_arrow(keys)).hash(_SEED).to_numpy().view(np.int64)
    )
    return hashed
