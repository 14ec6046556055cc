"""`SessionPlace`: the file that a panel keeps its session in by itself, and nobody else's."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import os
from pathlib import Path
from typing import IO, ClassVar, Generic, Protocol, Self, TypeVar

from perflab.errors import BadInputError
from perflab.files import bears_mark, free_names
from perflab.lab.result import read_json
from perflab.settings.folders import cache_folder

_MOST_NAMES = 50


class Document(Protocol):
    """What a session is kept as."""

    kind: ClassVar[str]

    @property
    def asked(self) -> str:
        """What its cell passed."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file and check all of it.

        Raises:
            BadInputError: If it is missing, damaged, or another kind of file.
        """

    def to_json(self, path: str | Path, *, force: bool = False) -> Path:
        """Write it.

        Raises:
            BadInputError: If it cannot be written.
        """


D = TypeVar("D", bound=Document)


class SessionPlace(Generic[D]):
    """A name in the working folder, held while the panel lives.

    It is the name under which the same cell has kept a session last, else the first one under
    which nothing is. Another panel, in this kernel or in another one, takes the next name. All else
    stays as it is: the session of another cell, one that cannot be read, and a file of the user's.

    Args:
        document: What sessions are kept as there.
        pattern: The pattern's name, or ``service``.
        folder: Where; the working folder where not given.
        asked: What the cell passed: only its own session is taken up.
        anew: Whether none is taken up.

    Attributes:
        path: The file; none where no name could be taken.
        trouble: Why a session of this cell is left alone, or why none is kept; empty for neither.
    """

    def __init__(
        self,
        document: type[D],
        pattern: str,
        folder: Path | None = None,
        *,
        asked: str = "",
        anew: bool = False,
    ) -> None:
        self._document = document
        self._pattern, self._asked = pattern, asked
        self._lock: IO[bytes] | None = None
        self._known: D | None = None
        self.path: Path | None = None
        self.trouble = ""
        name = f"perflab-session-{pattern.replace('_', '-')}.json"
        names = [*itertools.islice(free_names((folder or Path.cwd()) / name), _MOST_NAMES)]
        free = [path for path in names if not os.path.lexists(path)]
        own = [] if anew else [path for path in names if path not in free and self._is_own(path)]
        if not any(self._take_up(path) for path in sorted(own, key=_written_at, reverse=True)):
            self.path = next((path for path in free if self._hold(path)), None)
        if not free and self.path is None:
            self.trouble = f"all names up to {names[-1].name} are taken; remove what is not needed"

    def known(self) -> D | None:
        """Return the session that the cell kept there before; none where there is none."""
        return self._known

    def keep(self, session: D) -> None:
        """Write a session.

        Raises:
            BadInputError: If it cannot be written, or the file has become somebody else's.
        """
        if self.path is None:
            return
        if os.path.lexists(self.path) and not self._is_own(self.path):
            text = "is no longer a session of this cell, so it stays as it is"
            raise BadInputError(text, str(self.path))
        session.to_json(self.path)

    def leave(self) -> None:
        """Let others have the name; the file stays."""
        if self._lock is not None:
            self._lock.close()
        self._lock = self.path = None

    def _is_own(self, path: Path) -> bool:
        """Say whether a session of this pattern and this cell is there."""
        if path.is_symlink() or not path.is_file() or not bears_mark(path):
            return False
        try:
            values = read_json(path)
        except BadInputError:
            return False
        found = (values.get("kind"), values.get("pattern"), values.get("asked", ""))
        return found == (self._document.kind, self._pattern, self._asked)

    def _take_up(self, path: Path) -> bool:
        """Hold a name and read the session there; say whether both could be done."""
        if not self._hold(path):
            return False
        try:
            self._known = self._document.read(path)
        except BadInputError as error:
            self.leave()
            self.trouble = f"{error}; it stays as it is"
            return False
        self.path = path
        return True

    def _hold(self, path: Path) -> bool:
        """Take a name for this panel; the lock goes with the process, however that ends."""
        named = hashlib.blake2b(str(path.resolve()).encode(), digest_size=12).hexdigest()
        try:
            folder = cache_folder() / "sessions"
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / f"{named}.lock").open("ab")
        except OSError:
            return False
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock = lock
            return True
        lock.close()
        return False


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # which has gone meanwhile
        return 0
