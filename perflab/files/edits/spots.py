"""`Spot`: where a value stands in a text, and how another is written there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from perflab.errors import BadInputError, nearest
from perflab.files.edits.paths import KeyPath, path_text, same_name

Value = str | int | float | bool
Item = TypeVar("Item")

_MOST_NAMES = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Spot:
    """A value's place in a text.

    Attributes:
        start: The first character of the value, its quotes included.
        end: One past its last character.
        old: The value that is there, without quotes.
        write: Returns another value as it is written there.
        notes: What a reader must know of it.
    """

    start: int
    end: int
    old: str
    write: Callable[[Value], str]
    notes: tuple[str, ...] = ()


Leaf = tuple[str, object]
"""A value with the words of its path, as a parser sees them."""


class NotThereError(BadInputError):
    """A path leads to nothing.

    Attributes:
        depth: How many of its steps were found.
    """

    def __init__(self, message: str, place: str | None = None, depth: int = 0) -> None:
        self.depth = depth
        super().__init__(message, place)

    def __reduce__(self) -> tuple[type[NotThereError], tuple[str, str | None, int]]:  # type: ignore[override]
        """Keep the depth when the error crosses a process boundary."""
        return type(self), (self.message, self.place, self.depth)


def not_there(path: KeyPath, depth: int, known: Iterable[str]) -> NotThereError:
    """Return the error for a step that is not there, with the nearest name."""
    names = list(dict.fromkeys(known))
    step = path[depth]
    under = f" under {path_text(path[:depth])}" if depth else ""
    if isinstance(step, int):
        text = f"there is no item {step}{under}"
        return NotThereError(text, path_text(path), depth)
    hint = nearest(step, names[:_MOST_NAMES]) if names else "; nothing is there"
    close = nearest(step, names)
    hint = close if close.startswith("; did you mean") else hint
    return NotThereError(f"there is no {step!r}{under}{hint}", path_text(path), depth)


def one_of(
    name: str, found: Sequence[tuple[str, Item]], line: Callable[[Item], int]
) -> Item | None:
    """Return the item with a name: exactly it, or else one that differs in case, - and _ alone.

    Args:
        name: What is looked for.
        found: Items with their names.
        line: Returns the line of an item, for the error.

    Raises:
        BadInputError: If several have the name, since a program may take either.
    """
    fitting = [item for known, item in found if known == name]
    fitting = fitting or [item for known, item in found if same_name(known, name)]
    if len(fitting) > 1:
        lines = " and ".join(str(line(item)) for item in fitting)
        raise BadInputError(
            f"{name!r} is there {len(fitting)} times, in lines {lines}; leave only one"
        )
    return fitting[0] if fitting else None


def plain_text(value: Value) -> str:
    """Return a value as text without quotes: ``true``, ``8``, ``0.5``, ``allkeys-lru``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def line_of(text: str, position: int) -> int:
    """Return the number of the line in which a character stands, from 1."""
    return text.count("\n", 0, position) + 1
