"""Folders that appear whole or not at all, and take no folder's place but one of perflab's own."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files.places import place_of, unwritable
from perflab.files.whole import keep_mode, scratch_folder

NOT_OURS = "holds something else; name another folder"
_AT_FDCWD = -100
_EXCHANGE = 2


@contextmanager
def whole_folder(
    path: str | os.PathLike[str], ours: Callable[[Path], bool] | None = None
) -> Iterator[Path]:
    """Give a temporary folder, which takes the place of `path` when the block succeeds.

    Where the system can, the two change places in one step, so that at every moment one of them
    is there; who has mapped files of the old one keeps them. Behind a link, the folder that it
    leads to is replaced and the link stays.

    Args:
        path: The folder.
        ours: Says of a folder whether all in it is perflab's own; no other is replaced. An empty
            one always is.

    Raises:
        BadInputError: If the folder holds something else, or cannot be written; nothing is
            changed then.
    """
    place = place_of(path)
    if place.status is not None and not place.is_folder:
        raise BadInputError("is a file, not a folder; name another folder", place.given)

    def check(folder: Path) -> None:
        if any(folder.iterdir()) and (ours is None or not ours(folder)):
            raise BadInputError(NOT_OURS, place.given)

    try:
        if place.is_folder:
            check(place.path)
        with scratch_folder(place) as scratch:
            inner = scratch / "new"
            inner.mkdir()
            yield inner
            keep_mode(place, inner)
            _put(inner, place.path, check)
    except OSError as error:
        raise unwritable(place.given, error) from error


def _put(made: Path, target: Path, check: Callable[[Path], None]) -> None:
    """Put a folder in place; what came into the old one meanwhile brings that one back."""
    if not target.exists() or not any(target.iterdir()):
        made.rename(target)
        return
    if exchange(made, target):
        try:
            check(made)
        except BaseException:
            exchange(made, target)
            raise
        return
    old = made.with_name("old")
    target.rename(old)
    try:
        check(old)
        made.rename(target)
    except BaseException:
        old.rename(target)
        raise


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; say whether the system did that."""
    first, second = os.fsencode(one), os.fsencode(other)
    libc = ctypes.CDLL(None)
    try:
        if sys.platform == "darwin":
            return int(libc.renamex_np(first, second, _EXCHANGE)) == 0
        return int(libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE)) == 0
    except AttributeError:
        return False
