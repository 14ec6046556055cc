"""The short runs of a calibration: disturbed ones are repeated, and their load is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

from perflab.bench.base import AnyBench
from perflab.callbacks import OnRound
from perflab.lab.at_load import is_apart, measure_at_load
from perflab.lab.calibration import (
    OLD_SECONDS,
    Calibration,
    calibration_for,
    check_folder,
    is_busy_load,
    keep_calibration,
    kept_names,
    machine_load,
)
from perflab.lab.live import LiveRun
from perflab.lab.overlap import is_anything_running, turn_to_measure
from perflab.lab.rounds import DISTURBED, WAITING
from perflab.settings import LoadSettings, Settings
from perflab.workloads.kinds.workload import Workload

CALIBRATION_SECONDS = 1.5
_LONGER = 4
"""So many times longer is a round that is repeated, since it finished nothing."""
_MOST_REPEATS = 2
_QUIETER = 0.5
"""Below so much of the load that it was measured at, a calibration is made again."""


class _Round(NamedTuple):
    """What a short run has measured.

    Attributes:
        costs: By name.
        spread: How far its parts lie apart; none where that is not known.
        sent: How many requests went to servers of the user's.
        finished: Whether it came to anything.
        overlapped: Whether another run of this process went on meanwhile.
    """

    costs: dict[str, object]
    spread: float | None
    sent: int
    finished: bool
    overlapped: bool


def measure(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    on: object,
    workload: object,
    seconds: float = CALIBRATION_SECONDS,
    on_round: OnRound | None = None,
) -> tuple[Calibration, int]:
    """Measure on one workload and keep the costs for another, or the same.

    Where the user's caps leave no room for it, or nothing came of it, the shipped costs stay.
    Rounds are repeated on perflab's own servers alone: a user has agreed to so many requests.
    While another thread of this process calibrates, that is waited for.

    Args:
        bench: Whose costs.
        settings: Of the pattern, as the run will have them.
        load: Likewise.
        on: The workload that is measured on.
        workload: The one that the costs are kept for.
        seconds: Of each round.
        on_round: Is told of each round that is made, repeated ones included, and of a wait.

    Returns:
        The calibration, and how many requests of those that were agreed to it has made.

    Raises:
        BadInputError: If what is measured could not be kept.
    """
    check_folder()
    with turn_to_measure(_teller(on_round, WAITING, None)):
        return _measure(bench, settings, load, on, workload, seconds, on_round)


def _measure(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    on: object,
    workload: object,
    seconds: float,
    on_round: OnRound | None,
) -> tuple[Calibration, int]:
    loaded = bench.workload_for(settings, on)
    runs: list[tuple[Mapping[str, object], dict[str, object]]] = []
    spreads: list[float] = []
    spent, repeats, overlapped = 0, 0, False
    total = round_count(bench, settings, load, workload)
    before = machine_load()
    foreign = bool(bench.foreign_servers(settings))

    def one_round(values: Mapping[str, object], seconds: float) -> _Round:
        told = _teller(on_round, len(runs) + 1, total)
        return _measured(bench, loaded, values, load, seconds, told)

    for values in bench.calibration.runs_for(settings, runs):
        found = one_round(values, seconds)
        spent += found.sent
        # A machine that is busy elsewhere may finish nothing in a short round.
        if not found.finished and not foreign:
            found = one_round(values, _LONGER * seconds)
        elif _is_disturbed(found) and not foreign and repeats < _MOST_REPEATS:
            repeats += 1
            found = _calmer(found, one_round(values, seconds))
        overlapped = overlapped or found.overlapped
        runs.append((values, found.costs))
        spreads += [found.spread] if found.spread is not None else []
    costs = bench.calibration.costs_of(runs) if runs else {}
    if not costs:
        return calibration_for(bench, settings, load, workload), spent
    spread = median(spreads) if spreads else None
    about = (bench, settings, load, costs, workload, before, spread)
    kept = keep_calibration(*about, overlapped=overlapped)
    if is_apart(bench, settings, load, workload):
        whole = bench.workload_for(settings, workload)
        told = _teller(on_round, len(runs) + 1, total)
        kept = measure_at_load(bench, settings, load, whole, kept, told)
    return kept, spent


def measured_first(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: Workload,
    *,
    given: bool,
    on_round: OnRound | None = None,
) -> tuple[Calibration, int]:
    """Return the costs for a live run, measured before it where none are known or they are old.

    Of a load at a pace, or of several threads, that is measured too, unless it is known.

    Args:
        bench: Whose run.
        settings: Of the pattern.
        load: Of the load.
        workload: What is run.
        given: Whether it is the user's, so that costs are measured on it where the bench does so.
        on_round: Is told of each round that is made, and of a wait for another thread's.

    Returns:
        The calibration, and how many requests to servers of the user's it has made.
    """
    about = (bench, settings, load, workload)
    if (known := _known_of_load(*about)) is not None:
        return known, 0
    with turn_to_measure(_teller(on_round, WAITING, None)):
        # Whoever had the turn may have measured just that.
        if (known := _known_of_load(*about)) is not None:
            return known, 0
        if (base := _known(*about)) is not None:
            return measure_at_load(*about, base, _teller(on_round, 1, 1)), 0
        on = bench.calibration.spec_for(settings, load, workload if given else None)
        return measure(bench, settings, load, on, workload, on_round=on_round)


def _known_of_load(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: Workload
) -> Calibration | None:
    """Return the kept costs of a load's own pace and threads; none where they are to be measured.

    A pattern without such costs has those of a loop.
    """
    about = (bench, settings, load, workload)
    known = _known(*about)
    if known is None or (is_apart(*about) and known.backend != kept_names(*about)[0]):
        return None
    return known


def _known(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: Workload
) -> Calibration | None:
    """Return the kept costs; none where none are, or they are old."""
    found = calibration_for(bench, settings, load, workload)
    if found.source == "shipped" or _outlived(bench, settings, found):
        return None
    return found


def round_count(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: object
) -> int | None:
    """Return how many rounds a calibration takes, where that is known before the first."""
    loops = bench.calibration.run_count(settings)
    return None if loops is None else loops + is_apart(bench, settings, load, workload)


def _teller(on_round: OnRound | None, number: int, total: int | None) -> Callable[[], None]:
    """Return what tells of a round each time that it is called."""

    def tell() -> None:
        if on_round is not None:
            on_round(number, total)

    return tell


def _outlived(bench: AnyBench, settings: Settings, calibration: Calibration) -> bool:
    """Say whether costs are old, or were measured on a busy machine that is much quieter now.

    Those that were measured beside another run are outlived where nothing runs any more, and old
    ones where the machine is quiet enough for better ones. On a server of the user's nothing is
    measured without being asked for.
    """
    if bench.foreign_servers(settings):
        return False
    then, now = calibration.load_average or 0.0, machine_load()
    if calibration.age() >= OLD_SECONDS and not (is_anything_running() or is_busy_load(now)):
        return True
    if not calibration.busy:
        return False
    if calibration.overlapped and not is_busy_load(then):
        return not (is_anything_running() or is_busy_load(now))
    return now is not None and now < _QUIETER * then


def _measured(
    bench: AnyBench,
    workload: Workload,
    values: Mapping[str, object],
    load: LoadSettings,
    seconds: float,
    tell: Callable[[], None],
) -> _Round:
    tell()
    plain, alone = bench.read({**values, "backend": load.backend})
    shipped = Calibration(
        bench.identity.pattern, "", dict(bench.calibration.shipped_costs), "shipped"
    )
    live = LiveRun(bench, workload, plain, alone, seconds=seconds, loop=True, calibration=shipped)
    try:
        found = live.wait(lambda _row: tell())
        finished = bool(found.metrics.get("requests"))
        return _Round(found.costs, live.spread, live.sent, finished, live.overlap.seen)
    finally:
        live.close()


def _is_disturbed(found: _Round) -> bool:
    return found.spread is not None and found.spread > DISTURBED


def _calmer(first: _Round, second: _Round) -> _Round:
    """Return the round whose parts lie less far apart."""
    if not second.finished or second.spread is None:
        return first
    return min(first, second, key=lambda found: found.spread or 0.0)
