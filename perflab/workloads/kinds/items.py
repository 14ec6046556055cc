"""`Items`: what a prefetcher goes through: numbered items of its source, or files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from perflab.settings import BadInputError
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.workload import show_plainly


@dataclasses.dataclass(frozen=True, eq=False)
class Items:
    """So many items, from 0 on; each a file where paths are named.

    Attributes:
        name: What people call them.
        count: How many a run goes through, at least 1.
        paths: The files, one an item; begun again where there are fewer than `count`.
        source: What `load_items` takes to make them again; empty where nothing does.
        notes: What the reader of their list had to say.
        options: None are known; as other workloads have them.

    Raises:
        BadInputError: If there is no item.
    """

    name: str
    count: int
    paths: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        show_plainly(self)
        if self.count < 1:
            raise BadInputError("there are no items; name at least one", self.name)

    def __len__(self) -> int:
        return self.count

    @property
    def times(self) -> None:
        """None: items come as fast as they are fetched, or at a rate."""

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of how many there are and of the names of files, on any machine."""
        names = os.fsencode("\0".join(Path(path).name for path in self.paths))
        text = np.frombuffer(names, np.uint8) if names else None
        return fingerprint((np.array([self.count]), "<i8"), (text, "u1"))

    def at_most(self, count: int | None) -> Items:
        """Return as many of them, or all where there are fewer."""
        if count is None or count >= self.count:
            return self
        return dataclasses.replace(self, count=count)

    def uploaded(self, name: str) -> Self:
        """Return them under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="", options={})
