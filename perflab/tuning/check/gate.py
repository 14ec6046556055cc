"""`check`: settings held against limits and a baseline, predicted or run in turns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.lab.alerts import Condition as Limit
from perflab.lab.alerts import parse_condition
from perflab.lab.documents import AboutWorkload
from perflab.lab.environment import environment
from perflab.lab.outcome import all_settings, plain_settings, workload_summary
from perflab.modelling.prediction import Metrics
from perflab.tuning.check.allowance import OPTION, Allowance, allowances_of, by_metric
from perflab.tuning.check.baseline import Baseline, read_baseline
from perflab.tuning.check.document import Check
from perflab.tuning.check.predicted import check_predicted, held_against
from perflab.tuning.check.turns import Turns
from perflab.units import grouped
from perflab.workloads.kinds.workload import Workload

LIMIT = "--limit"


@naming_extra("cli")
def check(
    baseline: str | Path | Baseline,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    limits: Iterable[str] = (),
    max_worse: Mapping[str, str] | Iterable[str] = (),
    *,
    live: bool = False,
    turns: Turns | None = None,
    sources: Mapping[str, str] | None = None,
    other_workload: bool = False,
    calls_backend: bool = False,
) -> Check:
    """Hold settings against limits and a baseline.

    What is predicted uses the costs that the baseline was predicted with, so that nothing but
    the settings, or the workload, can change the answer; it has no noise. Live, both are run in
    turns, and noise is told from change.

    Args:
        baseline: The file of a run, a recommendation or a prediction of one point.
        workload: A file's path, a name with parameters, or a loaded one; none for the baseline's.
        settings: Those to check, of the pattern and of the load; none for the baseline's own.
        limits: What must hold, such as ``hit_rate>=0.8``; with neither limits nor `max_worse`,
            those that the baseline was tuned for.
        max_worse: By metric, how much worse than the baseline it may be, such as ``1pt`` or
            ``5%``; or texts such as ``hit_rate=1pt``.
        live: Whether to run both in turns.
        turns: How; see `Turns`.
        sources: Where each setting was given, for the result.
        other_workload: Whether the workload may be another than the baseline's.
        calls_backend: Whether a function of yours that the baseline names may be called: as its
            backend, live, or as what has the rows, which predictions import too. A file agrees to
            nothing; one that `settings` name is called.

    Raises:
        BadInputError: If a file, setting, limit or metric is not right, there is nothing to hold,
            the workload is another than the baseline's and may not be, or a function would be
            called that may not be.
        RuntimeError: If a child process died.
    """
    known = baseline if isinstance(baseline, Baseline) else read_baseline(baseline)
    bench = known.bench
    bounds, allowances = conditions_of(known, limits, max_worse)
    chosen = known.settings if settings is None else settings
    checked, load = bench.read(chosen)
    if not calls_backend:
        _refuse_functions(known, {} if settings is None else settings, live=live)
    loaded = bench.workload_for(checked, *_named(known, workload))
    summary = workload_summary(loaded)
    notes = _of_workload(known, summary, allowed=other_workload)
    made = Check(
        pattern=bench.identity.pattern,
        workload=summary,
        baseline=known.words,
        before=all_settings(bench, known.settings),
        settings=plain_settings(checked, load),
        conditions=(),
        live=live,
        sources=dict(sources or {}),
        calibration=known.calibration,
        environment=environment(),
        notes=tuple(notes),
    )
    if live:
        return _live(made, known, loaded, chosen, bounds, allowances, turns or Turns())
    return _predicted(made, known, loaded, chosen, bounds, allowances)


def _refuse_functions(known: Baseline, settings: Mapping[str, object], *, live: bool) -> None:
    """Refuse a function that only the baseline names: a backend live, any other in each case.

    Raises:
        BadInputError: If there is one.
    """
    for key in (*(["backend"] if live else []), *known.bench.live.functions):
        value = known.settings.get(key)
        if known.bench.names_function(key, value) and settings.get(key) != value:
            told = (
                f"names the function {value} as its {key}, and a file agrees to nothing; "
                "calls_backend=True lets runs call it"
            )
            raise BadInputError(told, known.place)


def conditions_of(
    known: Baseline, limits: Iterable[str], max_worse: Mapping[str, str] | Iterable[str]
) -> tuple[tuple[Limit, ...], tuple[Allowance, ...]]:
    """Return what is to hold.

    Raises:
        BadInputError: If one of it is wrong, can hold for no settings, or there is nothing.
    """
    texts = tuple(limits)
    written = max_worse if isinstance(max_worse, Mapping) else by_metric(max_worse)
    allowances = allowances_of(known.bench, written)
    if not texts and not allowances:
        texts = known.limits
    if not texts and not allowances:
        told = f"there is nothing to hold: pass {LIMIT} 'hit_rate>=0.8' or {OPTION} hit_rate=1pt"
        raise BadInputError(told, "check")
    return limits_of(known.bench, texts), allowances


def limits_of(bench: AnyBench, texts: Iterable[str]) -> tuple[Limit, ...]:
    """Return limits on a bench's metrics.

    Raises:
        BadInputError: If one is not a limit, is on a metric that the bench has not, or can hold
            for no settings.
    """
    bounds = tuple(parse_condition(text) for text in texts)
    for bound in bounds:
        _check_reachable(bench, bound)
    return bounds


def _check_reachable(bench: AnyBench, bound: Limit) -> None:
    known = bench.known_metrics()
    info = known.get(bound.metric)
    if info is None:
        told = f"{bench.identity.pattern} has no metric {bound.metric!r}"
        raise BadInputError(f"{told}{nearest(bound.metric, known)}", LIMIT)
    if info.unit != "ratio":
        return
    if (bound.comparison == ">=" and bound.value > 1) or (
        bound.comparison == ">" and bound.value >= 1
    ):
        raise BadInputError(f"{bound.metric} is at most 1, so no settings meet {bound}", LIMIT)


def _named(known: Baseline, workload: object) -> tuple[Any, ...]:
    """Return what a workload is loaded from: what is given, else as the baseline's was."""
    if workload is not None:
        return (workload,)
    source = known.workload.get("source")
    if not isinstance(source, str) or not source:
        told = "does not say which file its workload is from; pass one with --workload"
        raise BadInputError(told, known.place)
    options = known.workload.get("options")
    options = options if isinstance(options, Mapping) else {}
    columns = options.get("columns")
    return (source, options.get("format"), columns if isinstance(columns, Mapping) else None)


def _of_workload(known: Baseline, summary: AboutWorkload, *, allowed: bool) -> list[str]:
    """Return what is to be said of the workload.

    Raises:
        BadInputError: If it is another than the baseline's and may not be.
    """
    notes = list(summary.get("notes", ()))
    if not known.fingerprint or known.fingerprint == summary.get("fingerprint"):
        return notes
    before, after = (_short(each) for each in (known.workload, summary))
    told = f"was made for another workload: {before}, and this one is {after}"
    if not allowed:
        raise BadInputError(f"{told}; --force compares them all the same", known.place)
    return [f"the baseline {told}", *notes]


def _short(workload: Mapping[str, Any]) -> str:
    summary = workload.get("summary")
    count = summary.get("requests") if isinstance(summary, Mapping) else None
    told = f" ({grouped(count)} requests)" if isinstance(count, int) else ""
    return f"{workload.get('name', 'unnamed')}{told}"


def _predicted(
    made: Check,
    known: Baseline,
    loaded: Workload,
    chosen: Mapping[str, object],
    limits: tuple[Limit, ...],
    allowances: tuple[Allowance, ...],
) -> Check:
    model = known.bench.model(loaded, known.costs)
    same = known.fingerprint == made.workload.get("fingerprint")

    def at(values: Mapping[str, object]) -> tuple[Metrics, tuple[str, ...]]:
        settings, load = known.bench.read(values)
        known.bench.models.check(settings, load, loaded)
        found = model.predict(settings, load)
        return found.metrics, tuple(found.remarks)

    after, remarks = at(chosen)
    # Of the same workload it is predicted again: a model that has become better breaks no gate.
    before = at(known.settings)[0] if same else known.metrics
    check_predicted(known.bench, None, after, [each.metric for each in limits], LIMIT)
    check_predicted(known.bench, before, after, [each.metric for each in allowances], OPTION)
    conditions = held_against(before, after, limits, allowances)
    return dataclasses.replace(made, conditions=conditions, notes=(*made.notes, *remarks))


def _live(
    made: Check,
    known: Baseline,
    loaded: Workload,
    chosen: Mapping[str, object],
    limits: tuple[Limit, ...],
    allowances: tuple[Allowance, ...],
    turns: Turns,
) -> Check:
    # What is predicted alone is not to wait until all that runs is loaded.
    from perflab.tuning.check.live import measured_in_turns
    from perflab.tuning.check.paired import judged

    names = [(each.metric, LIMIT) for each in limits]
    names += [(each.metric, OPTION) for each in allowances]
    found = measured_in_turns(known, loaded, chosen, turns, [name for name, _ in names])
    for name, option in names:
        found.check_measured(name, option)
    conditions = judged(found.rounds, *found.names, limits, allowances)
    notes = (*made.notes, *found.notes)
    return dataclasses.replace(
        made, conditions=conditions, rounds=len(found.rounds), seconds=found.seconds, notes=notes
    )
