"""Several files at once: all of them or none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files import Place, place_of, refuse_input, write_text
from perflab.files.checks import check_room
from perflab.files.places import unwritable
from perflab.files.whole import keep_mode, scratch_folder

MANIFEST = ".perflab-report.json"
FORMAT_VERSION = 1
_MOST_BYTES = 1 << 24
_NOT_OURS = (
    "holds something that perflab did not write ({}); name another folder, or write into it with "
    "--force (force=True in Python)"
)


def check_folder(
    folder: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    force: bool = False,
) -> Place:
    """Refuse a report's folder that could not be written, or that would cost the user a file.

    Returns:
        What the path leads to.

    Raises:
        BadInputError: With the reason.
    """
    place = place_of(folder)
    if place.status is not None and not place.is_folder:
        text = f"{place.path.name} is a file, not a folder; name another folder"
        raise BadInputError(text, place.given)
    if not place.is_folder:
        return place
    refuse_input(place, inputs)
    try:
        foreign = None if force else _foreign(place.path)
    except OSError as error:
        raise unwritable(place.given, error) from None
    if foreign is not None:
        raise BadInputError(_NOT_OURS.format(foreign), place.given)
    check_room(place)
    return place


def write_folder(
    folder: str | os.PathLike[str],
    files: Mapping[str, str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    force: bool = False,
) -> Path:
    """Write texts into a folder by their names, and take away those of an earlier report in it.

    All are written to a folder beside it first, so that a full disk leaves things as they were.
    With `force`, what else is in it stays.

    Raises:
        BadInputError: If one of them cannot be written, is an input, or the folder holds what
            perflab did not write; then nothing is written.
    """
    inputs = list(inputs)
    place = check_folder(folder, inputs, force=force)
    try:
        _check(place, files, inputs)
        old = _manifest(place.path)
        with scratch_folder(place) as scratch:
            made = scratch / "new"
            made.mkdir()
            for name, text in {**files, MANIFEST: _manifest_text(files)}.items():
                write_text(made / name, text)
            _put(made, place, [*files, MANIFEST])
        _remove_old(place.path, old, files)
    except BadInputError as error:
        raise BadInputError(error.message, place.given) from error
    except OSError as error:
        raise unwritable(place.given, error) from error
    return Path(folder)


def write_new_folder(folder: str | os.PathLike[str], files: Mapping[str, str]) -> Path:
    """Write texts into a folder that is not there yet.

    Raises:
        BadInputError: If it cannot be written; then it is not there.
        FileExistsError: If something has that name.
    """
    place = place_of(folder)
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
        # Taken at once, so that of two panels each has a folder of its own.
        Path(folder).mkdir()
    except FileExistsError:
        raise
    except OSError as error:
        raise unwritable(place.given, error) from error
    try:
        return write_folder(folder, files)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
        raise


def _check(
    place: Place, files: Mapping[str, str], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    """Refuse what would stop half-way: a file where a folder must be, or the other way round."""
    for name in files:
        target = place.path / name
        if target.is_dir():
            raise BadInputError(f"{name} in it is a folder; name another folder")
        for above in (place.path / part for part in Path(name).parents if part.name):
            if above.is_symlink():
                raise BadInputError(f"{above.name} in it is a link; name another folder")
            if above.exists() and not above.is_dir():
                raise BadInputError(f"{above.name} is a file, not a folder; name another folder")
        refuse_input(place_of(target), inputs)


def _put(made: Path, place: Place, names: Iterable[str]) -> None:
    folder = place.path
    if not folder.exists():
        made.rename(folder)
        return
    if not os.access(folder, os.W_OK):
        raise BadInputError("permission denied; nothing was written")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
    for name in names:
        target = folder / name
        if target.is_file() and not target.is_symlink():
            keep_mode(place_of(target), made / name)
        (made / name).replace(target)


def _foreign(folder: Path) -> str | None:
    """Return the name of something in a folder that no report of ours wrote, or wrote otherwise."""
    known = _manifest(folder)
    inner = {str(part) for name in known for part in Path(name).parents if part.name}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST and known and not path.is_symlink():
            continue
        if path.is_dir() and not path.is_symlink() and name in inner:
            continue
        if path.is_symlink() or not path.is_file() or known.get(name) != _digest(path):
            return name
    return None


def _remove_old(folder: Path, old: Mapping[str, str], files: Mapping[str, str]) -> None:
    """Take away what only an earlier report wrote, if it is still as that one left it."""
    for name, digest in old.items():
        path = folder / name
        if name in files or path.is_symlink() or not path.is_file():
            continue
        with contextlib.suppress(OSError):
            if folder in path.resolve().parents and _digest(path) == digest:
                path.unlink()


def _manifest(folder: Path) -> dict[str, str]:
    """Return the files that the last report wrote into a folder, with their digests."""
    path = folder / MANIFEST
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        said = json.loads(path.read_text(encoding="utf-8"))
        files = said["files"]
        return {name: digest for name, digest in files.items() if isinstance(digest, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _manifest_text(files: Mapping[str, str]) -> str:
    digests = {
        name: _digest_of(text.encode("utf-8", "backslashreplace")) for name, text in files.items()
    }
    said = {"kind": "report_folder", "format": FORMAT_VERSION, "files": digests}
    return json.dumps(said, indent=1) + "\n"


def _digest(path: Path) -> str:
    return _digest_of(path.read_bytes())


def _digest_of(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
