"""`Items`: what a prefetcher goes through: numbered items of its source, or files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field

from perflab.errors import BadInputError
from perflab.files import whole_folder
from perflab.units import counted
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.workload import MOST_REQUESTS, show_plainly
from perflab.workloads.storage.description import Description, describe, read_described
from perflab.workloads.storage.saved import is_saved, register_description

DESCRIPTION = register_description("items.json")


class _ItemsDescription(Description):
    count: Annotated[int, Field(ge=1, le=MOST_REQUESTS)]
    paths: list[str]


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

    registered_by: ClassVar[str] = "perflab.patterns.prefetching.item_names"
    name: str
    count: int
    paths: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)

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

    def summary(self) -> dict[str, object]:
        """Return how many items, and how many files they are."""
        files = {"files": len(self.paths)} if self.paths else {}
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "requests": self.count,
            **files,
        }

    def facts(self) -> list[str]:
        """Return how many items, and how many files they are, a few words each."""
        files = [counted(len(self.paths), "file")] if self.paths else []
        return [counted(self.count, "item"), *files]

    def uploaded(self, name: str) -> Self:
        """Return them under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="", options={})

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write them into a folder, which `open` reads.

        Raises:
            BadInputError: If the folder cannot be written, or holds something else.
        """
        with whole_folder(folder, is_saved) as scratch:
            content = describe(self, count=self.count, paths=self.paths, files={})
            (scratch / DESCRIPTION).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Items:
        """Read a folder of `save`.

        Raises:
            BadInputError: If it is not such a folder, or of a later version.
        """
        otherwise = "is not the folder of items"
        said = read_described(_ItemsDescription, folder, DESCRIPTION, otherwise)
        return cls(count=said.count, paths=tuple(said.paths), **said.origin())
