"""`SessionKeeper`: writes a panel's session by itself, a moment after each change."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic

from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.panels.latest import Latest
from perflab.panels.session.place import D, SessionPlace

_SECONDS = 1.0
SWITCH = "PERFLAB_AUTOSAVE"
"""The variable that turns it off, by ``off``."""


class SessionKeeper(Generic[D]):
    """Keeps a session in the kernel's working folder, from the moment that it is begun.

    Args:
        document: What the session is kept as.
        pattern: The pattern's name, or ``service``.
        gather: Returns the session as it is now; none where there is nothing worth keeping.
        failed: Told where it cannot be written, once.

    Attributes:
        has_written: Whether this panel has written its session.
    """

    def __init__(
        self,
        document: type[D],
        pattern: str,
        gather: Callable[[], D | None],
        failed: Callable[[str], None],
    ) -> None:
        self._document, self._pattern = document, pattern
        self._gather, self._failed = gather, failed
        self._place: SessionPlace[D] | None = None
        self._asked = ""
        self.has_written = False
        self._over = threading.Event()
        self._latest: Latest[None] = Latest(self._write, lambda error: self._fail(str(error)))

    @property
    def path(self) -> Path | None:
        """The file; none before it is begun, or where it is off."""
        return None if self._place is None else self._place.path

    def begin(self, asked: str = "") -> D | None:
        """Take a name, and return the session that the same cell kept under it before, if any.

        Args:
            asked: What the cell passed.
        """
        if self._place is not None or os.environ.get(SWITCH, "").strip().lower() == "off":
            return None
        self._asked = asked
        return self._take_name(anew=False).known()

    def move(self) -> None:
        """Leave the file as it is, and keep the session under another name from now on."""
        if self._place is not None:
            self._place.leave()
            self._take_name(anew=True)

    def changed(self) -> None:
        """Write the session soon; returns at once."""
        if self.path is not None:
            self._latest.post(None)

    @staticmethod
    def write(session: D | None, path: str | Path, *, force: bool) -> Path:
        """Write a session into a file that the user names, and return its path.

        Raises:
            BadInputError: If there is none, for want of a workload, or it cannot be written.
        """
        if session is None:
            raise BadInputError("there is no workload yet, so nothing to save", "session")
        return session.to_json(path, force=force)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until what has changed is written."""
        self._latest.wait(timeout)

    def close(self) -> None:
        """End it; the file stays, and the name is free for others."""
        self._over.set()
        self._latest.close()
        if self._place is not None:
            self._place.leave()

    def _take_name(self, *, anew: bool) -> SessionPlace[D]:
        place = SessionPlace(self._document, self._pattern, asked=self._asked, anew=anew)
        if place.trouble:
            less = "" if place.path else "the session is not kept: "
            self._failed(f"{less}{place.trouble}")
        self._place = place
        return place

    def _write(self, _item: None, cancelled: Cancelled) -> None:
        try:
            session, place = self._gather(), self._place
            if session is None or place is None:
                return
            place.keep(session)
            self.has_written = True
        except Exception as error:  # noqa: BLE001  (said even if something is to be kept by now)
            self._fail(str(error))
            return
        if not cancelled():
            self._over.wait(_SECONDS)

    def _fail(self, message: str) -> None:
        """Say once that nothing is kept any more, and keep nothing."""
        if self._place is not None:
            self._place.leave()
        self._failed(f"the session is no longer kept: {message}")
