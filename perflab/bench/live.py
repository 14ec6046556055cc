"""`Live`: how a bench runs live."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Generic

from perflab.bench.identity import S
from perflab.bench.session import Action
from perflab.settings import LoadSettings, Settings


def _all_run(_settings: Settings, _load: LoadSettings) -> None:
    return None


def _always(_values: Mapping[str, object]) -> bool:
    return True


def _concurrency(_settings: Settings, load: LoadSettings) -> int:
    return load.concurrency


def _backend_notice(_settings: Settings, load: LoadSettings) -> str | None:
    from perflab.servers.call_cap import is_function, said

    return said(f"the backend {load.backend_name}", load) if is_function(load) else None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Live(Generic[S]):
    """How a bench runs live.

    Attributes:
        backends: The words that `LoadSettings.backend` may be, beside a function; the first is
            usual unless ``sqlite`` is among them. Empty where nothing stands behind the pattern.
        open_loop: Whether requests come whether or not those before are done.
        actions: What a user can do to a running session.
        outputs: The settings that name files which a run writes.
        levels: The counters of its sessions that go up and down, such as the entries held: of all
            others, a part of a run has the difference.
        measures: The metrics that `Bench.metrics` returns, beside those of every run: alerts may
            be on these. Empty for all that the bench knows.
        ends_itself: Whether only its session knows when a workload is through.
        check: Refuses settings that cannot run, by `BadInputError` with the reason.
        thread_count: Returns how many threads put requests to the session.
        follows_rate: Returns whether requests come at the workload's rate, or the one that is set,
            at some settings, given by key; not so where each waits for one before it to end.
        notice: Returns what a user must know before a run, such as how often their function is
            called.
    """

    backends: tuple[str, ...] = ("sqlite", "delay")
    open_loop: bool = False
    actions: tuple[Action, ...] = ()
    outputs: tuple[str, ...] = ()
    levels: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    ends_itself: bool = False
    check: Callable[[S, LoadSettings], None] = _all_run
    thread_count: Callable[[S, LoadSettings], int] = _concurrency
    follows_rate: Callable[[Mapping[str, object]], bool] = _always
    notice: Callable[[S, LoadSettings], str | None] = _backend_notice
