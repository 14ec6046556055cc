"""`Live`: how a bench runs live."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Generic

from perflab.bench.identity import S
from perflab.bench.session import Action, Measured
from perflab.settings import LoadSettings, Settings
from perflab.units import counted, in_words

_BEHIND = 0.8
"""Below so much of the rate that is set, clients fall behind it and are busy all the time."""
_FEW = 10
"""So many requests may be lacking where few are due."""


def _all_run(_settings: Settings, _load: LoadSettings) -> None:
    return None


def _always(_values: Mapping[str, object]) -> bool:
    return True


def _concurrency(_settings: Settings, load: LoadSettings) -> int:
    return load.concurrency


def _no_remarks(_settings: Settings, _measured: Measured) -> Sequence[str]:
    return ()


def is_behind(measured: Measured) -> bool:
    """Say whether clients did not keep up with the rate that is set, so that none ever paused."""
    rate = measured.load.request_rate
    return rate is not None and measured.requests < _BEHIND * rate * measured.seconds


def clients_behind(_settings: Settings, measured: Measured) -> Sequence[str]:
    """Return that clients did not keep up with the rate that is set, if so.

    Args:
        _settings: Of the pattern.
        measured: By clients that each wait for one request before the next.
    """
    load, wanted = measured.load, measured.load.request_rate
    if wanted is None or measured.requests > _BEHIND * wanted * measured.seconds - _FEW:
        return ()
    came = measured.requests / measured.seconds
    clients = counted(load.concurrency, "client thread")
    all_of = f"{clients} was" if load.concurrency == 1 else f"all {clients} were"
    said = (
        f"requests came at {in_words(came, '1/s')} instead of {in_words(wanted, '1/s')}, as "
        f"{all_of} busy all the time; set a higher concurrency, or a lower request rate"
    )
    return (said,)


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
        told_at_end: Whether the model learns from what its sessions record of each request, which
            they tell when a run ends: until then, what is off has no reason yet.
        actions: What a user can do to a running session.
        outputs: The settings that name files which a run writes.
        functions: The settings beside ``backend`` that may name a function, or another object of a
            module of the user's, by key: each says whether a value does. A file that perflab has
            written agrees to no call of one.
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
        remarks: Returns what a reader must know of what was measured, such as that clients fell
            behind.
    """

    backends: tuple[str, ...] = ("sqlite", "delay")
    open_loop: bool = False
    told_at_end: bool = False
    actions: tuple[Action, ...] = ()
    outputs: tuple[str, ...] = ()
    functions: Mapping[str, Callable[[str], bool]] = dataclasses.field(default_factory=dict)
    levels: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    ends_itself: bool = False
    check: Callable[[S, LoadSettings], None] = _all_run
    thread_count: Callable[[S, LoadSettings], int] = _concurrency
    follows_rate: Callable[[Mapping[str, object]], bool] = _always
    notice: Callable[[S, LoadSettings], str | None] = _backend_notice
    remarks: Callable[[S, Measured], Sequence[str]] = _no_remarks
