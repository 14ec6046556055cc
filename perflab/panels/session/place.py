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

    Another panel of the pattern, in this kernel or in another one, takes the next name. A file
    that is there under a name and is no session of the pattern is the user's, and stays.

    Args:
        document: What sessions are kept as there.
        pattern: The pattern's name, or ``service``.
        folder: Where; the working folder where not given.
    """

    def __init__(self, document: type[D], pattern: str, folder: Path | None = None) -> None:
        self._document = document
        self._pattern = pattern
        self._lock: IO[bytes] | None = None
        self.path: Path | None = None
        name = f"perflab-session-{pattern.replace('_', '-')}.json"
        for path in itertools.islice(free_names((folder or Path.cwd()) / name), _MOST_NAMES):
            if self._is_free(path) and self._hold(path):
                self.path = path
                break

    def known(self) -> D | None:
        """Return the session that is kept there; none where there is none that can be opened."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            return self._document.read(self.path)
        except BadInputError:
            return None

    def keep(self, session: D) -> None:
        """Write a session.

        Raises:
            BadInputError: If it cannot be written, or the file has become somebody else's.
        """
        if self.path is None:
            return
        if not self._is_free(self.path):
            raise BadInputError("is no longer a session, so it stays as it is", str(self.path))
        session.to_json(self.path)

    def leave(self) -> None:
        """Let others have the name; the file stays."""
        if self._lock is not None:
            self._lock.close()
        self._lock = self.path = None

    def _is_free(self, path: Path) -> bool:
        """Say whether nothing is there, or a session of this pattern."""
        if not os.path.lexists(path):
            return True
        if path.is_symlink() or not path.is_file() or not bears_mark(path):
            return False
        try:
            values = read_json(path)
        except BadInputError:
            return False
        return values.get("kind") == self._document.kind and values.get("pattern") == self._pattern

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
