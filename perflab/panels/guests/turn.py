"""`Turn`: one page of an app measures at a time, as two at once would disturb each other."""

from __future__ import annotations

import fcntl
import os

TAKEN = (
    "another page of this app is measuring, and two measurements at once would disturb each "
    "other; try again when it is over"
)
"""Why a page does not measure now."""


class Turn:
    """A turn that processes share through a file; the system takes it back where one dies.

    Args:
        path: The file, made where it is not there; none where nobody else measures.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Take the turn, unless another process has it; say whether it is this one's."""
        if self._path is None or self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def give_back(self) -> None:
        """Let another process have it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
