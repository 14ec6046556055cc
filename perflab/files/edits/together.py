"""`write_all`: several files written together, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files.edits.edit import Edit
from perflab.files.places import place_of
from perflab.files.whole import whole_file


def write_all(edits: Sequence[Edit]) -> None:
    """Write edits, each whole at every moment; where one fails, those before are taken back.

    All new contents are on the disk before the first file is replaced, so that a full disk or a
    missing right leaves everything as it was.

    Raises:
        BadInputError: If somebody has changed a file meanwhile, or one cannot be written; it names
            those that could not be taken back.
    """
    for edit in edits:
        edit.check_unchanged()
    done: list[Edit] = []
    try:
        _put(edits, done)
    except BaseException as error:
        left = [edit.path for edit in done if not _taken_back(edit)]
        if left:
            said = error.message if isinstance(error, BadInputError) else type(error).__name__
            told = f"{said}; {', '.join(left)} could not be taken back"
            raise BadInputError(told, getattr(error, "place", None)) from error
        raise


def _put(edits: Sequence[Edit], done: list[Edit]) -> None:
    """Lay a content beside its file, do so for all others, and let it take the file's place."""
    if not edits:
        return
    first, *others = edits
    with whole_file(first.path, "wb") as file:
        file.write(first.after)
        file.flush()
        os.fsync(file.fileno())
        _put(others, done)
    done.append(first)


def _taken_back(edit: Edit) -> bool:
    """Say whether a file could be made what it was."""
    try:
        if edit.before is None:
            Path(place_of(edit.path).path).unlink()
        else:
            with whole_file(edit.path, "wb") as file:
                file.write(edit.before)
    except (BadInputError, OSError):
        return False
    return True
