"""Several files at once: all of them or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from perflab.lab.files import write_text
from perflab.settings import BadInputError


def write_folder(folder: Path, files: Mapping[str, str]) -> Path:
    """Write texts into a folder by their names; what else is in it stays.

    All are written to a folder beside it first, so that a full disk leaves things as they were.

    Raises:
        BadInputError: If one of them cannot be written; then none is.
    """
    place = str(folder)
    beside: Path | None = None
    try:
        _check(folder, files)
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        for name, text in files.items():
            write_text(beside / name, text)
        _put(beside, folder, files)
    except BadInputError as error:
        raise BadInputError(error.message, place) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInputError(f"cannot be written ({reason}); nothing was", place) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
    return folder


def _check(folder: Path, files: Mapping[str, str]) -> None:
    """Refuse what would stop half-way: a file where a folder must be, or the other way round."""
    for name in files:
        target = folder / name
        if target.is_dir():
            raise BadInputError(f"{name} in it is a folder; name another folder")
        for above in (folder, *(folder / part for part in Path(name).parents)):
            if above.exists() and not above.is_dir():
                raise BadInputError(f"{above.name} is a file, not a folder; name another folder")


def _put(beside: Path, folder: Path, files: Mapping[str, str]) -> None:
    if not folder.exists():
        beside.chmod(0o755)
        beside.rename(folder)
        return
    if not os.access(folder, os.W_OK):
        raise BadInputError("cannot be written (no right to); nothing was")
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
    for name in files:
        (beside / name).replace(folder / name)
