"""The steps that the cache's logic asks for, and that a thread or a task carries out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from typing import Any

Steps = Generator[Any, Any, Any]
"""Logic that yields steps, is sent their results, and returns its own."""

Command = tuple[Any, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """Send commands to the server in one round trip; the result is the list of replies."""

    commands: tuple[Command, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """Call the user's loader."""

    call: Callable[[], object]


@dataclasses.dataclass(frozen=True, slots=True)
class Fly:
    """Carry out steps once for all who ask for the same name in this process."""

    name: str
    steps: Callable[[], Steps]
    on_wait: Callable[[], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Spawn:
    """Carry out steps in the background."""

    steps: Callable[[], Steps]
