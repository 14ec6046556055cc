"""Work given to an executor of any kind: threads, processes, or the workers of a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from typing import TypeVar

from perflab.callbacks import Progress
from perflab.errors import BadInputError

Found = TypeVar("Found")


def gather(
    executor: Executor,
    work: Callable[..., Found],
    arguments: Sequence[tuple[object, ...]],
    names: Sequence[str],
    progress: Progress | None = None,
) -> list[Found]:
    """Return what a function gives for each of several arguments, in their order.

    Work whose worker died is given away once more.

    Args:
        executor: Any of `concurrent.futures`, or dask's by ``Client.get_executor()``.
        work: The function; for other processes one that they can import.
        arguments: Of each call.
        names: What each call is about, for errors.
        progress: Called with the number of calls done and of all.

    Raises:
        BadInputError: If a worker dies twice over the same call; its name is said.
    """
    found: dict[int, Found] = {}
    lost: list[int] = []
    for attempt in (0, 1):
        wanted = lost if attempt else list(range(len(arguments)))
        lost = []
        tasks: dict[Future[Found], int] = {}
        for place in wanted:
            try:
                tasks[executor.submit(_call, attempt, work, *arguments[place])] = place
            except BrokenExecutor:
                lost.append(place)
        for task in as_completed(tasks):
            try:
                found[tasks[task]] = task.result()
            except _lost_worker():
                lost.append(tasks[task])
                continue
            except BaseException:
                for other in tasks:
                    other.cancel()
                raise
            if progress is not None:
                progress(len(found), len(arguments))
        if not lost:
            return [found[place] for place in range(len(arguments))]
    raise BadInputError(
        f"the worker died at {names[min(lost)]}, and again when another tried; "
        "it may need more memory, or start its executor again",
        "executor",
    )


def _call(attempt: int, work: Callable[..., Found], *arguments: object) -> Found:
    """Do some work; dask takes a call that is equal to a failed one for that one."""
    del attempt
    return work(*arguments)


def _lost_worker() -> tuple[type[BaseException], ...]:
    """Return what executors raise for work whose worker died; dask's own where dask is used."""
    scheduler = sys.modules.get("distributed.scheduler")
    killed = () if scheduler is None else (scheduler.KilledWorker,)
    return (BrokenExecutor, CancelledError, *killed)
