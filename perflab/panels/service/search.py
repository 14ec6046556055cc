"""`Search`: something that takes a while to look for, which its user may end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from perflab.panels.status import StatusLine
from perflab.panels.tasks import Tasks

Found = TypeVar("Found")
Tell = Callable[[str], None]
"""Says how far a search is; raises where it was ended."""


class _EndedError(Exception):
    """A search that its user has ended."""


class Search(Generic[Found]):
    """One search at a time, in a thread; what it finds is shown if it is still wanted then.

    Args:
        name: Of its task, and of its part of the status line.
        words: What the status line says at first.
        tasks: Where it goes on.
        status: Where it says how far it is.
        show: Called with what was found.
    """

    def __init__(
        self,
        name: str,
        words: str,
        tasks: Tasks,
        status: StatusLine,
        show: Callable[[Found], object],
    ) -> None:
        self._name, self._words = name, words
        self._tasks, self._status, self._show = tasks, status, show
        self._mark: object = None

    @property
    def going(self) -> bool:
        """Whether it is looking, or about to end."""
        return self._tasks.busy(self._name)

    def start(self, look: Callable[[Tell], Found]) -> None:
        """Begin, unless it is going; returns at once.

        Args:
            look: Returns what it finds; it is given what tells how far it is.
        """
        if not self.going:
            self._mark = mark = object()
            self._tasks.start(self._name, lambda: self._look(look, mark))

    def end(self) -> None:
        """End it; nothing is shown of what it would have found."""
        if self.going and self._mark is not None:
            self._status.say(self._name, f"ending: {self._words}", "busy")
        self._mark = None

    def _look(self, look: Callable[[Tell], Found], mark: object) -> None:
        def tell(words: str) -> None:
            if self._mark is not mark:
                raise _EndedError
            self._status.say(self._name, words, "busy")

        try:
            tell(self._words)
            found = look(tell)
        except _EndedError:
            return
        finally:
            self._status.say(self._name, "")
        if self._mark is mark:
            self._show(found)
