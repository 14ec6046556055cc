"""`Place`: what a path that is to be written leads to."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import stat
from pathlib import Path

from perflab.errors import BadInputError

_DESCRIPTORS = re.compile(r"/dev/fd|/proc/(\d+)(?:/task/\d+)?/fd")
_ERRNO = re.compile(r"\b(?:errno|os error) (\d{1,4})\b", re.IGNORECASE)
_SHORT = re.compile(r"\d+ requested and \d+ written")
_MOST_LINKS = 40
_REFUSED = {stat.S_IFBLK: "is a disk", stat.S_IFSOCK: "is a socket"}


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an output goes.

    Attributes:
        given: The path as it was named, for messages.
        path: The path behind all links; the links themselves stay.
        status: What is there; None where nothing is.
        descriptor: The number of an open file of this process, for ``/dev/stdout`` and its like.
    """

    given: str
    path: Path
    status: os.stat_result | None
    descriptor: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether a folder is there."""
        return self.status is not None and stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether a regular file is there, which another may take the place of."""
        return (
            self.descriptor is None
            and self.status is not None
            and stat.S_ISREG(self.status.st_mode)
        )

    @property
    def is_stream(self) -> bool:
        """Whether it is written into, and not replaced: a device, a pipe, an open file."""
        return self.status is not None and not self.is_folder and not self.is_file


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with a user's folder for ``~``, which stays where nobody has that name."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises for an unknown user


def place_of(path: str | os.PathLike[str]) -> Place:
    """Return what a path leads to.

    Raises:
        BadInputError: If no file can have that name, or it is a disk or a socket.
    """
    given = os.fspath(path)
    text = os.path.expanduser(given)  # noqa: PTH111 - Path's own raises for an unknown user
    _check_name(text, given)
    try:
        status = _status(text)
        current, descriptor = _behind_links(text)
    except OSError as error:
        raise unwritable(given, error) from error
    if descriptor is None and status is not None:
        refused = _REFUSED.get(stat.S_IFMT(status.st_mode))
        if refused is not None:
            raise BadInputError(f"{refused}; name a file", given)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            current = Path(text)
    return Place(given, current, status, descriptor)


def unwritable(given: str, error: OSError) -> BadInputError:
    """Return the error for a path that cannot be written."""
    reason = os.strerror(error.errno) if error.errno else _reason_in(str(error))
    return BadInputError(f"cannot be written ({reason}); nothing was written", given)


def _reason_in(words: str) -> str:
    """Return the reason that the words of a library give, where it left the number out."""
    found = _ERRNO.search(words)
    if found:
        return os.strerror(int(found.group(1)))
    # What numpy says of an array that was cut short by a full disk.
    return "no room for all of it" if _SHORT.fullmatch(words) else "not known why"


def _check_name(text: str, given: str) -> None:
    if not text:
        raise BadInputError("an output needs a name; name a file", "path")
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError:
        raise BadInputError("no file can have this name; name another", given) from None
    if b"\0" in raw:
        raise BadInputError("a file's name cannot hold a NUL character; name another", given)


def _status(text: str) -> os.stat_result | None:
    try:
        return os.stat(text)  # noqa: PTH116 - of the text as it is
    except FileNotFoundError:
        return None


def _behind_links(text: str) -> tuple[Path, int | None]:
    """Follow links by hand, so that an open file of this process is known for one."""
    current = text
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(current.rstrip("/") or "/")
        folder = os.path.realpath(folder)
        current = os.path.join(folder, name)  # noqa: PTH118 - "." and ".." stay names
        found = _DESCRIPTORS.fullmatch(folder)
        if found and name.isdecimal() and found[1] in (None, str(os.getpid())):
            return Path(current), int(name)
        try:
            link = os.readlink(current)  # noqa: PTH115 - a text that may be relative
        except OSError:
            return Path(current), None
        current = os.path.join(folder, link)  # noqa: PTH118
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
