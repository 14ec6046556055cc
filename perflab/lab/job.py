"""`Job`: what a child is told to run, and the words that parent and child exchange."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """What a child is told to run.

    Attributes:
        pattern: The bench's name.
        folder: The run's own folder, removed at its end.
        workload: The folder that the trace was saved to, memory-mapped by the child.
        settings: The keys of the pattern and of the load.
        seconds: How long at the most; none for until told to stop.
        run_name: The run's own name, under which it writes on a user's server.
        agreed: The addresses of the user's servers that it may contact.
        spent: How many requests of those that were agreed to its calibration has made.
        limit: How many requests at the most; none for looping over the workload, or until the
            session says that there are no more.
        interval: Seconds from one snapshot to the next.
    """

    pattern: str
    folder: str
    workload: str
    settings: dict[str, object]
    seconds: float | None
    limit: int | None
    run_name: str
    agreed: tuple[str, ...] = ()
    spent: int = 0
    interval: float = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """The child has set up its session and is about to start.

    Attributes:
        about: What a reader must know of the servers behind.
    """

    about: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """The parent wants one of the bench's actions done.

    Attributes:
        name: The action's name.
    """

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Acted:
    """An action is done, or could not be.

    Attributes:
        name: The action's name.
        seconds: When, since the start of the run.
        problem: Why it could not be done; none where it was.
    """

    name: str
    seconds: float
    problem: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """The child is through; nothing follows.

    Attributes:
        reason: ``seconds over``, ``workload through``, ``stopped``.
        note: What a reader must know, such as how often the backend failed.
        records: What the session recorded of each request.
        by_url: The URLs that were requested most, as `Run.by_url` has them.
    """

    reason: str
    note: str | None = None
    records: Mapping[str, object] = dataclasses.field(default_factory=dict)
    by_url: Sequence[Mapping[str, object]] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The child cannot go on.

    Attributes:
        message: One line for the user.
        mistake: Whether it is the user's to mend, rather than a fault of ours.
        details: The traceback, where it is ours.
    """

    message: str
    mistake: bool
    details: str = ""
