"""`Workload`: what the lab uses of every kind of workload alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError, shown

MOST_KEYS = 2**31 - 1
MOST_REQUESTS = 2**62
# A recording has one of 2^32 places of keys at the least.
LEAST_SHARE = 2.0**-32
# What the notes end with on keys that come too rarely, or too often, to be the right ones.
KEY_DOUBT = "is this the right key?"


class Workload(Protocol):
    """Requests in order, with a name, an origin and, where known, times; see `Trace`."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def source(self) -> str:
        """The text that makes it again; empty where nothing does."""

    @property
    def options(self) -> Mapping[str, object]:
        """The ``format`` and ``columns`` that the user named for its file."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of its file had to say."""

    @property
    def fingerprint(self) -> str:
        """A short hash: equal for equal requests, on any machine."""

    @property
    def times(self) -> npt.NDArray[np.float64] | None:
        """Seconds, shape ``(requests,)``, never backwards; or None."""

    def __len__(self) -> int:
        """Return how many requests there are."""

    def uploaded(self, name: str) -> Self:
        """Return it under another name, as what was sent and cannot be read again."""


def bounds_of_window(workload: Workload, start: int, stop: int) -> tuple[int, int]:
    """Return the bounds of a part of a workload, within it, as those of a slice are.

    Raises:
        BadInputError: If no request is left.
    """
    start, stop, _ = slice(start, stop).indices(len(workload))
    if start >= stop and len(workload):
        text = f"no request between {start} and {stop}; there are {len(workload)}"
        raise BadInputError(text, workload.name)
    return start, stop


def show_plainly(workload: Workload) -> None:
    """Make name and notes of a new workload printable: they come from files and their names."""
    object.__setattr__(workload, "name", shown(workload.name))
    object.__setattr__(workload, "notes", tuple(shown(note) for note in workload.notes))
