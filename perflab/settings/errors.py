"""The one error that a user's mistake raises, and how a near miss is suggested."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BadInputError(ValueError):
    """A user's mistake: one clear line that says where it is and what to do.

    Args:
        message: What is wrong and what to do about it.
        place: Where: a file with its line, or a setting with its bound.
    """

    def __init__(self, message: str, place: str | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place

    def __reduce__(self) -> tuple[type[BadInputError], tuple[str, str | None]]:
        """Keep message and place apart when the error crosses a process boundary."""
        return type(self), (self.message, self.place)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for a misspelt word, or else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}"
