"""`Workload`: what the lab uses of a trace and of arrivals alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt


class Workload(Protocol):
    """Requests in order, with a name, an origin and, where known, times; see `Trace`."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def source(self) -> str:
        """The text that makes it again; empty where nothing does."""

    @property
    def options(self) -> Mapping[str, Any]:
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

    def summary(self) -> dict[str, Any]:
        """Return what it is like, in numbers."""

    def facts(self) -> list[str]:
        """Return what a person must know of it in a line, a few words each."""

    def uploaded(self, name: str) -> Self:
        """Return it under another name, as what was sent and cannot be read again."""

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write it as a folder of arrays."""
