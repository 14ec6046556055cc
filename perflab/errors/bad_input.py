"""The one error that a user's mistake raises, and how a near miss is suggested."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

from perflab.errors.addresses import without_secrets
from perflab.errors.foreign_text import cut, shown


class BadInputError(ValueError):
    """A user's mistake: one clear line that says where it is and what to do.

    Both are kept as `shown` writes them, since names and contents of files stand in them, and
    without passwords and tokens of addresses. What is longer than anybody reads is cut in the
    middle: such a value stands first, and what to do about it last.

    Args:
        message: What is wrong and what to do about it.
        place: Where: a file with its line, or a setting with its bound.
    """

    most_characters: ClassVar[int | None] = 2000

    def __init__(self, message: str, place: str | None = None) -> None:
        most = self.most_characters
        self.message = cut(shown(without_secrets(message)), most)
        self.place = None if place is None else cut(shown(without_secrets(place)), most)
        super().__init__(f"{self.place}: {self.message}" if self.place else self.message)

    def __reduce__(self) -> tuple[type[BadInputError], tuple[str, str | None]]:
        """Keep message and place apart when the error crosses a process boundary."""
        return type(self), (self.message, self.place)


class BrokenLimitError(BadInputError):
    """A limit that the user set is broken; the input as such is right."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for a misspelt word, or else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}"
