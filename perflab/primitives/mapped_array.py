"""A ``.npy`` file as an array that is mapped into memory, whatever the file holds."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perflab.errors import BadInputError
from perflab.units import counted, grouped

if TYPE_CHECKING:
    import numpy.typing as npt


def mapped_array(path: str | os.PathLike[str], place: str | None = None) -> npt.NDArray[Any]:
    """Map a ``.npy`` file into memory for reading.

    Args:
        path: The file; objects in it are refused, as they can run code.
        place: What to call it in errors; its path if not given.

    Raises:
        BadInputError: If it is not such a file, or shorter than its head says.
    """
    import numpy as np

    called = os.fspath(path) if place is None else place
    try:
        size = _regular_size(Path(path))
        with warnings.catch_warnings():
            # NumPy warns of some damaged heads, and reads on; what it makes of them is checked.
            warnings.simplefilter("ignore")
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        text = f"is not a .npy file ({error.strerror or 'damaged'})"
        raise BadInputError(text, called) from None
    except Exception as error:  # noqa: BLE001 - the head is a Python literal, of which any part may be wrong
        text = f"is not a .npy file, or damaged or cut off ({_reason(error)})"
        raise BadInputError(text, called) from None
    if not isinstance(array, np.memmap) or array.nbytes > size:
        raise BadInputError("is not a .npy file of one array", called)
    return np.asarray(array)


def mapped_column(
    path: str | os.PathLike[str], dtypes: Iterable[npt.DTypeLike], length: int | None = None
) -> npt.NDArray[Any]:
    """Map a ``.npy`` file of one row of numbers.

    Args:
        path: The file.
        dtypes: What the numbers may be.
        length: How many there must be, where that is known.

    Raises:
        BadInputError: If it holds anything else.
    """
    import numpy as np

    array = mapped_array(path)
    known = [np.dtype(dtype) for dtype in dtypes]
    if array.ndim != 1 or array.dtype not in known:
        text = f"is damaged: not one row of {known[0]} (of {array.ndim} dimensions, {array.dtype})"
        raise BadInputError(text, os.fspath(path))
    if length is not None and len(array) != length:
        text = f"is damaged: {counted(len(array), 'value')} where there should be {grouped(length)}"
        raise BadInputError(text, os.fspath(path))
    return array


def _regular_size(path: Path) -> int:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(None, "not a regular file")
    return found.st_size


def _reason(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:80]
