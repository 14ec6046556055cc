"""What an importer left out: counted, the first few kept to be shown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, grouped

SHOWN = 3
SHOWN_CHARACTERS = 80
MOST = 0.5


class Skipped:
    """Lines or rows that could not be read, each with its number in the file, from 1."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    @property
    def wants_more(self) -> bool:
        """Whether the next one would still be shown."""
        return len(self.first) < SHOWN

    def add(self, line: int, text: str) -> None:
        """Count one, and keep it if it is one of the first."""
        self.count += 1
        if self.wants_more:
            self.first.append((line, text))

    def add_unshown(self, count: int) -> None:
        """Count some that will not be shown."""
        self.count += count

    def notes(self, total: int, noun: str = "lines", one: str = "line") -> tuple[str, ...]:
        """Return the note that travels with the trace; none if nothing was left out."""
        if not self.count:
            return ()
        examples = "; ".join(f"{one} {line}: {_short(text)}" for line, text in self.first)
        return (f"{grouped(self.count)} of {grouped(total)} {noun} skipped; first: {examples}",)

    def refuse_if_most(self, total: int, what: str, advice: str, place: str) -> None:
        """Stop where the file is evidently something else.

        Raises:
            BadInputError: If more than half was left out; with file and line of the first.
        """
        if self.count <= MOST * total:
            return
        line, text = self.first[0]
        message = f"{grouped(self.count)} of {counted(total, 'line')} are not {what}"
        raise BadInputError(f"{message}; first: {_short(text)}; {advice}", f"{place}:{line}")


def row_in_file(kept_row: int, left_out: npt.NDArray[np.int64]) -> int:
    """Return where a row stood among all rows, from 0, given those left out in rising order."""
    row = kept_row
    for missing in left_out.tolist():
        if missing > row:
            break
        row += 1
    return row


def _short(text: str) -> str:
    line = text.strip()
    shown = line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + " ..."
    return repr(shown)
