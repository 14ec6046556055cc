"""What stands in the what-if charts for a run: what it measured, and what its history leads to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from perflab.bench.part_of_keys import of_the_whole
from perflab.charts import MarkKind
from perflab.lab.live import LiveRun
from perflab.lab.rows import Compared
from perflab.lab.run import Run
from perflab.panels.views import Point
from perflab.settings import Settings
from perflab.workloads import Workload

FILLING = "still filling"

Dots = dict[MarkKind, Point | None]


def run_dots(run: LiveRun, settings: Settings, now: Point | None, result: Run | None) -> Dots:
    """Return the filled and the hollow dot of a run, which are about the same requests.

    The curve is about the workload from its start; these are about what came after the last
    change, in a pattern that holds what the run itself has brought it. So the hollow dot may lie
    off the curve, and the filled one tells whether the model is right by where the hollow one is.

    Args:
        run: With a row at least.
        settings: The present ones, in force where nothing is compared yet.
        now: The prediction of the present settings from the start of the workload.
        result: Of the run, once it is over.
    """
    compared = learnt(run.compared)
    there = compared.settings or settings
    measured, refitted = compared.measured, compared.refitted
    if result is not None and result.since_change and result.fitted:
        measured, refitted = result.since_change, result.fitted
    if not refitted or not measured:
        last = run.rows.last
        measured = {} if last is None else last.since_change
    return _dots(there, measured, refitted, now, run.workload)


def learnt(compared: Compared) -> Compared:
    """Return what is compared, without a refitted prediction that is the one from before.

    It is where the model learns nothing before the run ends, and would look like a proof.
    """
    if compared.refitted != compared.predicted:
        return compared
    return compared._replace(refitted={})


def result_dots(result: Run, settings: Settings, now: Point | None, workload: Workload) -> Dots:
    """Return the dots of a run that was kept, as they stood at its end.

    Args:
        result: The run.
        settings: In force at its end.
        now: The prediction of the present settings from the start of the workload.
        workload: What it ran.
    """
    if result.since_change and result.fitted:
        return _dots(settings, result.since_change, result.fitted, now, workload)
    return _dots(settings, result.since_change or result.metrics, {}, now, workload)


def _dots(
    there: Settings,
    measured: Mapping[str, float],
    refitted: Mapping[str, float],
    now: Point | None,
    workload: Workload,
) -> Dots:
    dots: Dots = {"measured": Point(there, of_the_whole(measured, workload))}
    if not refitted:
        return {**dots, "refitted": None}
    whole = of_the_whole(refitted, workload)
    if now is None or now.settings != there:
        return {**dots, "refitted": Point(there, whole)}
    filling = FILLING if is_filling(measured, now.metrics) else ""
    return {**dots, "refitted": Point(there, whole, now.metrics, filling)}


def is_filling(measured: Mapping[str, float], curve: Mapping[str, float]) -> bool:
    """Say whether a run has evicted nothing yet, where the whole workload would have by its end."""
    evicted, to_come = measured.get("evictions", math.nan), curve.get("evictions", math.nan)
    return evicted == 0 and to_come > 0
