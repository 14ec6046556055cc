"""Parquet files and NumPy arrays as stores."""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._store import FileGuard, StoreError
from perflab.primitives.mapped_array import mapped_array
from perflab.primitives.parquet_probe import check_parquet


class ParquetStore:
    """Rows of a Parquet file as tuples. Its row groups are read whole, however few rows are asked.

    Args:
        path: The file.

    Raises:
        BadInputError: If it is not a Parquet file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._guard = FileGuard(path)
        self._lock = threading.Lock()
        self._open()

    def __len__(self) -> int:
        return self._ends[-1]

    def read(self, start: int, stop: int) -> list[tuple[object, ...]]:
        """Return rows as tuples.

        Raises:
            StoreError: If the file is gone, damaged, or another one by now.
        """
        self._guard.check()
        groups = self._groups(start, stop)
        try:
            with self._lock:
                table = self._file.read_row_groups(groups)
        except (OSError, ValueError, RuntimeError) as error:
            raise StoreError(self._guard.place, f"cannot be read ({error})") from None
        cut = table.slice(start - self._ends[groups[0]], stop - start)
        return list(zip(*(column.to_pylist() for column in cut.columns), strict=True))

    def stored_bytes(self, start: int, stop: int) -> int:
        """Return the bytes of all row groups that hold these rows, as they are in the file."""
        return sum(self._group_bytes[group] for group in self._groups(start, stop))

    def refresh(self) -> None:
        """Open the file that is there now.

        Raises:
            StoreError: If there is none, or it is not a Parquet file.
        """
        self._guard.refresh()
        try:
            self._open()
        except BadInputError as error:
            raise StoreError(self._guard.place, error.message) from None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _open(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        check_parquet(self._guard.path, self._guard.place)
        try:
            with self._lock:
                self._file = pq.ParquetFile(self._guard.path)
        except (OSError, ValueError, pa.ArrowException) as error:
            reason = (str(error).splitlines() or ["damaged"])[0]
            raise BadInputError(f"is not a Parquet file ({reason})", self._guard.place) from None
        metadata = self._file.metadata
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        self.columns = tuple(self._file.schema_arrow.names)
        self._ends: list[int] = [0, *accumulate(group.num_rows for group in groups)]
        self._group_bytes = [
            sum(group.column(i).total_compressed_size for i in range(group.num_columns))
            for group in groups
        ]

    def _groups(self, start: int, stop: int) -> list[int]:
        first = bisect_right(self._ends, start) - 1
        return list(range(first, bisect_right(self._ends, stop - 1)))


class NpyStore:
    """Rows of a NumPy array in a ``.npy`` file, mapped into memory; a chunk is a copy.

    Args:
        path: The file.

    Raises:
        BadInputError: If it is no ``.npy`` file, or needs pickle.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._guard = FileGuard(path)
        self._open()

    def __len__(self) -> int:
        return len(self._array)

    def read(self, start: int, stop: int) -> Any:
        """Return rows as an array.

        Raises:
            StoreError: If the file is gone, or another one by now.
        """
        # Also for safety: reading a mapped file that was cut short would end the process.
        self._guard.check()
        return self._array[start:stop].copy()

    def stored_bytes(self, start: int, stop: int) -> int:
        """Return the bytes of the rows."""
        return self._row_bytes * (stop - start)

    def refresh(self) -> None:
        """Map the file that is there now.

        Raises:
            StoreError: If there is none, or it is no ``.npy`` file.
        """
        self._guard.refresh()
        try:
            self._open()
        except BadInputError as error:
            raise StoreError(self._guard.place, error.message) from None

    def close(self) -> None:
        """Do nothing: the mapping ends with the store."""

    def _open(self) -> None:
        array = mapped_array(self._guard.path, self._guard.place)
        if array.ndim == 0:
            raise BadInputError("holds one value, not rows", self._guard.place)
        self._array = array
        self._row_bytes = int(array.nbytes // max(len(array), 1))
