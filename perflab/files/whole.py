"""Files that appear whole or not at all, with the mode of the one whose place they take."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from perflab.errors import BadInputError
from perflab.files.places import Place, place_of, unwritable

SCRATCH_PREFIX = ".perflab-"

MakeFolder = Callable[[str, Path | None], AbstractContextManager[Path]]


@contextmanager
def whole_path(path: str | os.PathLike[str], *, new: bool = False) -> Iterator[Path]:
    """Give a temporary path; what is written there takes the place of `path` at the block's end.

    A file that is there keeps its mode, and its owner where that is allowed. Behind a link, the
    file that it leads to is replaced and the link stays; another name of the same file (a hard
    link) keeps the old content. A device, a pipe or ``/dev/stdout`` is written into.

    Args:
        path: The file.
        new: Whether it must not be there yet.

    Raises:
        BadInputError: If it cannot be written: no right, a folder in its place, disk full.
        FileExistsError: If it must not be there, and is.
    """
    place = place_of(path)
    if place.is_folder and not new:
        raise BadInputError("is a folder; name a file", place.given)
    if new and place.status is not None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), place.given)
    try:
        with scratch_folder(place) as scratch:
            inner = scratch / place.path.name
            yield inner
            if place.is_stream:
                _pour(inner, place)
            elif new:
                _put_new(inner, place.path)
            else:
                keep_mode(place, inner)
                inner.replace(place.path)
    except FileExistsError:
        if new:
            raise
        raise BadInputError("cannot be written; nothing was written", place.given) from None
    except OSError as error:
        raise unwritable(place.given, error) from error


@contextmanager
def whole_file(
    path: str | os.PathLike[str], mode: str = "w", *, new: bool = False
) -> Iterator[IO[Any]]:
    """Open a temporary file, which takes the place of `path` when the block succeeds.

    Raises:
        BadInputError: If it cannot be written: no such folder, no right, disk full.
        FileExistsError: If it must be new, and is there.
    """
    encoding = None if "b" in mode else "utf-8"
    with whole_path(path, new=new) as temporary, temporary.open(mode, encoding=encoding) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_text(path: str | os.PathLike[str], text: str, *, new: bool = False) -> Path:
    """Write a text; the file appears whole or not at all.

    Raises:
        BadInputError: If it cannot be written.
        FileExistsError: If it must be new, and is there.
    """
    with whole_file(path, "wb", new=new) as file:
        # Texts from outside may hold halves of characters, which have no bytes.
        file.write(text.encode("utf-8", "backslashreplace"))
    return Path(path)


@contextmanager
def scratch_folder(place: Place) -> Iterator[Path]:
    """Make a folder on the disk of a place, for this user alone, and remove it at the end.

    Folders above the place are made where they are missing.

    Raises:
        OSError: If it cannot be made.
    """
    beside = None
    if not place.is_stream:
        beside = place.path.parent
        beside.mkdir(parents=True, exist_ok=True)
    with _makers[0](SCRATCH_PREFIX, beside) as scratch:
        yield scratch


def make_scratch_folders_by(make: MakeFolder) -> None:
    """Let scratch folders be made by what removes them where this process is killed, too.

    Args:
        make: Called with the beginning of the folder's name and the folder that it is made in, or
            none for the one for temporary files; raises an OSError where it cannot be made.
    """
    _makers[:] = [make]


@contextmanager
def _made_here(prefix: str, inside: Path | None) -> Iterator[Path]:
    scratch = Path(tempfile.mkdtemp(dir=inside, prefix=prefix))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


_makers: list[MakeFolder] = [_made_here]


def keep_mode(place: Place, made: Path) -> None:
    """Give what was made the owner and the mode of what is there; nothing where nothing is.

    Where the group cannot be kept, the rights of the group are not given to another one.

    Raises:
        OSError: If the mode cannot be set.
    """
    if place.status is None:
        return
    old, now = place.status, made.stat()
    # Of a folder, what its group and its deletions depend on too; a program's rights go.
    folder = stat.S_ISDIR(old.st_mode)
    mode = stat.S_IMODE(old.st_mode) & (0o3777 if folder else 0o777)
    if old.st_gid != now.st_gid:
        try:
            os.chown(made, -1, old.st_gid)
        except OSError:
            mode &= ~0o2070
    if old.st_uid != now.st_uid:
        with contextlib.suppress(OSError):
            os.chown(made, old.st_uid, -1)
    made.chmod(mode)
    if sys.platform == "linux":
        _keep_attributes(place.path, made)


def _keep_attributes(old: Path, made: Path) -> None:
    """Copy access lists and a user's own marks, as far as the disk has them."""
    with contextlib.suppress(OSError):
        for name in os.listxattr(old):
            if name.startswith(("user.", "system.posix_acl_")):
                os.setxattr(made, name, os.getxattr(old, name))


def _put_new(made: Path, target: Path) -> None:
    """Put a file where nothing is; what came there meanwhile stays."""
    try:
        os.link(made, target)
    except FileExistsError:
        raise
    except OSError:
        # A disk without hard links: the name is taken first, then what it stands for.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        made.replace(target)


def _pour(made: Path, place: Place) -> None:
    """Write a finished file into a device, a pipe or an open file."""
    with made.open("rb") as source, os.fdopen(open_stream(place), "wb") as sink:
        shutil.copyfileobj(source, sink)


def open_stream(place: Place) -> int:
    """Open a device, a pipe or an open file for writing, and return its descriptor.

    Raises:
        BadInputError: If it is a pipe that nobody reads.
        OSError: If it cannot be opened.
    """
    if place.descriptor is not None:
        sys.stdout.flush()
        return os.dup(place.descriptor)
    # Not waiting: a pipe that nobody reads would hold the program up for ever.
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(place.path, flags)
    except OSError as error:
        if error.errno == errno.ENXIO and place.path.is_fifo():
            text = "is a pipe that nobody reads; start its reader first, or name a file"
            raise BadInputError(text, place.given) from None
        raise
    os.set_blocking(descriptor, True)
    return descriptor
