"""Costs at a load's own pace and threads, which a loop of one thread does not show."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from perflab.bench.base import AnyBench
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.calibration import Calibration, keep_calibration, kept_names, machine_load
from perflab.lab.live import LiveRun
from perflab.lab.rounds import DISTURBED
from perflab.lab.row import Row
from perflab.settings import LoadSettings, Settings
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.workload import Workload

_SHORTEST, _LONGEST = 1.5, 4.0
_REQUESTS = 200
"""So many are waited for at the pace, within these seconds."""
_WARM_SECONDS = 0.4
"""In a loop, so that a cache is not measured while it is empty."""
_SLOWEST = 30.0
"""Requests per second: a processor forgets no more in a longer pause, and a mean needs some."""
_FEWEST = 20
"""A mean of fewer is mostly chance: what such an outcome takes stays as in a loop."""


class _Shown(NamedTuple):
    """What a run at a load's own pace and threads has shown.

    Attributes:
        costs: By name.
        spread: How far its rounds lie apart; none where that is not known.
        overlapped: Whether another run of this process went on meanwhile.
    """

    costs: dict[str, object]
    spread: float | None
    overlapped: bool


def is_apart(bench: AnyBench, settings: Settings, load: LoadSettings, workload: object) -> bool:
    """Say whether a load has costs of its own, besides those of one thread in a loop.

    What has requests come whether or not those before are done is calibrated busy, where threads
    do not wake from a pause. On a server of the user's nothing is sent that was not asked for, and
    a pattern that writes a file writes it in the run alone.
    """
    if bench.live.outputs or bench.foreign_servers(settings):
        return False
    return bench.live.open_loop or len(kept_names(bench, settings, load, workload)) > 1


def measure_at_load(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: Workload,
    base: Calibration,
    tell: Callable[[], None],
) -> Calibration:
    """Return the costs at a load's own pace and threads, and keep them for such runs.

    A hit after a pause finds a processor that has done something else; several threads wait for
    each other. Requests come in a loop until the pattern is warm, and then at the mean pace of
    the load, however unevenly the workload's own times lie. A run that was disturbed is made once
    more, and the calmer one counts.

    Args:
        bench: Whose costs.
        settings: Of the pattern.
        load: Of the load.
        workload: What will be run.
        base: The costs in a loop; those stay that such a run does not show.
        tell: Called now and then while it is measured.

    Raises:
        BadInputError: If the backend only fails, or the costs could not be kept.
    """
    before = machine_load()
    shown = _shown(bench, settings, load, workload, base, tell)
    if shown is not None and shown.spread is not None and shown.spread > DISTURBED:
        again = _shown(bench, settings, load, workload, base, tell)
        if again is not None and again.spread is not None and again.spread < shown.spread:
            shown = again
    if shown is None or wrong_cost(bench.calibration.shipped_costs, shown.costs) is not None:
        return base
    about = (bench, settings, load, shown.costs, workload, before, shown.spread)
    overlapped = base.overlapped or shown.overlapped
    return keep_calibration(*about, at_load=True, overlapped=overlapped)


def _shown(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: Workload,
    base: Calibration,
    tell: Callable[[], None],
) -> _Shown | None:
    """Return what a short run at a load shows; none where it never came to the load's pace."""
    rate = mean_rate(load, workload)
    first = load.change(request_rate=None, speedup=None)
    pace = None if rate is None else {"request_rate": _settable(rate)}
    seconds = _SHORTEST if rate is None else min(max(_SHORTEST, _REQUESTS / rate), _LONGEST)
    live = LiveRun(
        *(bench, workload, settings, first),
        seconds=_WARM_SECONDS + seconds,
        loop=True,
        calibration=base,
    )

    def steer(row: Row) -> None:
        tell()
        if pace is not None and not live.changes and row.seconds >= _WARM_SECONDS:
            live.apply(pace)

    try:
        live.wait(steer)
        if pace is not None and not live.changes:
            return None
        costs = live.renewed_costs(base.costs, _FEWEST)
        return _Shown(costs, live.spread, live.overlap.seen)
    finally:
        live.close()


def _settable(rate: float) -> float:
    """Return a rate that a run can be set to, and that brings enough requests to tell anything.

    A sped-up trace may have more requests per second than any setting.
    """
    most = LoadSettings.info("request_rate").high
    return max(rate if most is None else min(rate, most), _SLOWEST)


def mean_rate(load: LoadSettings, workload: Workload) -> float | None:
    """Return how many requests per second come at a load's pace; none where it sets none.

    Args:
        load: Its rate goes before its speed-up.
        workload: Whose times the speed-up shortens, if it has times.
    """
    if load.request_rate is not None:
        return load.request_rate
    times = getattr(workload, "times", None)
    if load.speedup is None or times is None or not len(times):
        return None
    return load.speedup * len(times) / pass_seconds(times)
