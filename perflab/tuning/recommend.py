"""`tune`: the smallest setting that is good enough, and the knee, each with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
from perflab.bench.parts import Objective
from perflab.bench.registry import load_bench
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.lab.alerts import Condition, parse_condition
from perflab.lab.calibration import Calibration, calibration_for
from perflab.lab.measuring import measured_first
from perflab.lab.outputs import check_outputs
from perflab.servers.consent import require
from perflab.settings import LoadSettings, Settings
from perflab.tuning.ceilings import ceilings_of
from perflab.tuning.lookup import Lookup
from perflab.tuning.objective import parse_objective
from perflab.tuning.reason import Reason, left_out
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.refine import MOST_ROUNDS, next_values
from perflab.tuning.relief import reliefs_of
from perflab.tuning.search import Search
from perflab.tuning.sensitivity import sensitivity_of
from perflab.tuning.sweep import live_bounds, sweep_workload
from perflab.tuning.turns.checked import BUDGET_SECONDS, TURN_SECONDS, Plan, checked_in_turns
from perflab.workloads.kinds.workload import Workload


@naming_extra("cli")
def tune(
    pattern: str,
    workload: object = None,
    objective: str | Objective | None = None,
    limits: str | Iterable[str] | None = None,
    executor: Executor | None = None,
    live: bool = False,
    *,
    settings: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    model: AnyModel | None = None,
    force: bool = False,
    budget: float = BUDGET_SECONDS,
    turn: float = TURN_SECONDS,
    turn_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Recommendation:
    """Return the settings to ship for a workload: the smallest that are good enough.

    Args:
        pattern: A pattern's name.
        workload: A file's path, a name with parameters, or a `Trace`; none for the bench's own.
        objective: Such as ``max:hit_rate``; none for the bench's own.
        limits: Such as ``memory_bytes<=512MiB``; all must be kept.
        executor: Where to compute; threads of this process where none is given.
        live: Whether to run the recommended settings, the present ones and the next best in turns,
            until it is decided which are better, and to recommend those; Ctrl-C ends the turns,
            and what is known by then is kept.
        settings: What the user has now; what is not tuned stays as it is.
        progress: Called with the number of points done and of all.
        model: A model of this workload that has computed something already.
        force: Whether a live run may replace a file that is there under its output's name.
        budget: The seconds that all turns together may take.
        turn: The seconds of a turn.
        turn_progress: Called with the seconds spent and the budget, after each turn.
        cancelled: Asked before each turn, and while costs are measured before the first; when it
            says so, what is known by then is kept.

    Raises:
        BadInputError: If an input is not right, or the recommended settings cannot run.
        BrokenLimitError: If no setting satisfies the limits.
    """
    bench = load_bench(pattern)
    checked, load = bench.read(settings)
    plan = Plan(budget, turn, turn_progress, cancelled)
    if live:
        plan.check()
        check_outputs(bench, checked, workload, force=force)
    loaded = bench.workload_for(checked, workload)
    conditions = _conditions(limits)
    _check_metrics(bench, conditions)
    goal = _goal(parse_objective(objective, bench.tuning.objective_for(checked)), conditions)
    sweep = bench.tuning_sweep(loaded, checked)
    if live:
        for values in live_bounds(sweep, settings):
            require(bench.foreign_servers(bench.read(values)[0]))
    if live:
        of_run = (bench, checked, load, loaded)
        calibration = _measured_first(*of_run, given=workload is not None, cancelled=cancelled)
    else:
        calibration = calibration_for(bench, checked, load, loaded)
    costs = calibration.costs
    known = bench.model(loaded, costs) if model is None else model.with_costs(costs)
    swept = sweep_workload(
        bench,
        loaded,
        settings,
        sweep,
        None,
        executor,
        progress,
        known if executor is None else None,
    )
    before = sweep_workload(bench, loaded, settings, model=known).points[0]
    moved = bench.tuning.tuned_by(settings or {})
    moved = moved if moved in sweep else bench.tuning.tuned
    search = Search(bench, moved, goal, tuple(conditions), swept.points, before, swept.workload)
    lookup = Lookup(bench, loaded, settings, known, costs)
    _refine(search, lookup)
    search.check()
    chosen = search.choose()
    reliefs = reliefs_of(search, lookup) if search.unreached else []
    reason = Reason(search, chosen, reliefs)
    result = Recommendation(
        pattern=pattern,
        workload=swept.workload,
        before=before["settings"],
        settings=chosen["settings"],
        before_metrics=before["metrics"],
        metrics=chosen["metrics"],
        reason=reason.words(),
        objective=f"{goal.direction}:{goal.metric}",
        unreached=search.unreached,
        worse=reason.worse,
        limits=tuple(conditions.values()),
        points=tuple({"settings": p["settings"], "metrics": p["metrics"]} for p in search.points),
        ceilings=ceilings_of(bench, loaded, settings, sweep, known),
        alternatives=tuple(reason.alternatives()),
        reliefs=tuple(reliefs),
        sensitivity=() if search.unreached else tuple(sensitivity_of(search, lookup, chosen)),
        observed=swept.observed,
        calibration=swept.calibration,
        environment=swept.environment,
        notes=(*swept.remarks, *left_out(search)),
    )
    if not live:
        return result
    loop = load.loop if load.loop is not None else workload is None
    return checked_in_turns(
        result, search, lookup, chosen, settings or {}, calibration, plan, loop=loop
    )


def _measured_first(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: Workload,
    *,
    given: bool,
    cancelled: Cancelled | None,
) -> Calibration:
    """Return the costs for the turns, measured where none are known; those known if cancelled."""

    def on_round(_number: int, _total: int | None) -> None:
        if cancelled is not None and cancelled():
            raise _CancelledError

    try:
        return measured_first(bench, settings, load, workload, given=given, on_round=on_round)[0]
    except _CancelledError:
        return calibration_for(bench, settings, load, workload)


class _CancelledError(Exception):
    """The turns are no longer wanted, while costs are measured for them."""


def _conditions(limits: str | Iterable[str] | None) -> dict[Condition, str]:
    """Return the limits, each once, with the text of each.

    Raises:
        BadInputError: If one of them is not a condition.
    """
    texts = (limits,) if isinstance(limits, str) or not isinstance(limits, Iterable) else limits
    found: dict[Condition, str] = {}
    for text in () if limits is None else texts:
        found.setdefault(parse_condition(text), text)  # type: ignore[arg-type]
    return found


def _check_metrics(bench: AnyBench, limits: Iterable[Condition]) -> None:
    """Refuse limits on what the pattern does not have, before anything is computed."""
    known = bench.known_metrics()
    for limit in limits:
        if limit.metric not in known:
            text = f"{bench.identity.pattern} has no metric {limit.metric!r}"
            raise BadInputError(f"{text}{nearest(limit.metric, known)}", "limits")


def _refine(search: Search, lookup: Lookup) -> None:
    """Look at settings between those of the sweep until the search is sharp."""
    for _ in range(MOST_ROUNDS):
        wanted = next_values(search)
        if not wanted:
            return
        found = lookup.all_at(wanted)
        if not found:
            return
        search.add(found)


def _goal(goal: Objective, limits: Iterable[Condition]) -> Objective:
    """Return the objective; a limit on its own metric is then what is good enough.

    One that holds the metric back, such as a hit rate of at most 50 %, is a limit only.
    """
    sign = ">" if goal.direction == "max" else "<"
    own = [
        limit.value
        for limit in limits
        if limit.metric == goal.metric and limit.comparison.startswith(sign)
    ]
    if not own:
        return goal
    tightest = max(own) if goal.direction == "max" else min(own)
    return dataclasses.replace(goal, target=tightest)
