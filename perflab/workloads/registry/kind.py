"""`WorkloadKind`: what benches, pickers and live children need to know of a kind of workload."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.workloads import old_methods  # noqa: F401 (puts them onto the kinds)
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.registry.named import WorkloadInfo

W = TypeVar("W", bound=Workload)
Load = Callable[[Any, str | None, Mapping[str, str] | None, Progress | None], W]

_KINDS: dict[str, WorkloadKind[Any]] = {}


@dataclasses.dataclass(frozen=True, slots=True)
class WorkloadKind(Generic[W]):
    """A kind of workload: its class, and what stands above that.

    Attributes:
        name: What it is called, such as ``trace``; no two kinds have the same.
        holds: The class of its workloads.
        load: Returns the workload that a user means by a name, a file or a workload, read in a
            format and by columns, with progress; raises `BadInputError` if there is none.
        save: Writes a workload into a folder, whole or not at all.
        open: Maps a folder of `save` into memory.
        summary: Returns what a workload is like, by name and unit.
        facts: Returns what a person must know of it in a line, a few words each.
        named: The workloads that a picker offers, by name.
        formats: The formats of files that `load` reads; none where files are read as they are.
    """

    name: str
    holds: type[W]
    load: Load[W]
    save: Callable[[W, str | os.PathLike[str]], None]
    open: Callable[[str | os.PathLike[str]], W]
    summary: Callable[[W], dict[str, Any]]
    facts: Callable[[W], list[str]]
    named: Mapping[str, WorkloadInfo]
    formats: tuple[str, ...] = ()

    @property
    def has_rate(self) -> bool:
        """Whether its workloads have a ``rate`` of their own, which a speed-up changes."""
        return hasattr(self.holds, "rate")


def register(kind: WorkloadKind[W]) -> WorkloadKind[W]:
    """Make a kind of workload known by the class of its workloads, and return it.

    Raises:
        BadInputError: If another kind has its name.
    """
    known = _KINDS.get(kind.name)
    if known is not None and _class_name(known) != _class_name(kind):
        text = f"{_class_name(kind)} and {_class_name(known)} are both called {kind.name!r}"
        raise BadInputError(text, "kinds of workload")
    _KINDS[kind.name] = kind
    return kind


def registered() -> tuple[WorkloadKind[Any], ...]:
    """Return the kinds that are known, in the order in which they became so."""
    return tuple(_KINDS.values())


def _class_name(kind: WorkloadKind[Any]) -> str:
    return f"{kind.holds.__module__}.{kind.holds.__qualname__}"
