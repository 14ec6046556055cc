"""`ceilings_of`: the lines that no setting can pass, such as OPT, for the charts of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perflab.bench import AnyBench, AnyModel
from perflab.errors import BadInputError
from perflab.tuning.points import Point
from perflab.tuning.sweep import sweep_workload
from perflab.workloads import Workload

MOST_REQUESTS = 500_000
"""A longer workload has no such lines: OPT takes 5 s per million, for what is never shipped."""


def ceilings_of(
    bench: AnyBench,
    workload: Workload,
    settings: Mapping[str, object] | None,
    sweep: Mapping[str, Iterable[object]],
    model: AnyModel,
) -> tuple[Point, ...]:
    """Return the points of the ceilings of the bench's charts, along the values of a sweep.

    Args:
        bench: Whose charts.
        workload: What is predicted.
        settings: What the user has now.
        sweep: The values that tuning looks at, by setting.
        model: Of the workload.
    """
    if len(workload) > MOST_REQUESTS:
        return ()
    lines = {
        (chart.along, chart.lines, chart.ceiling)
        for chart in bench.display.what_if_charts
        if chart.ceiling is not None and chart.lines is not None and chart.along in sweep
    }
    found: list[Point] = []
    for along, key, ceiling in sorted(lines):
        wanted = {along: sweep[along], key: [ceiling]}
        try:
            points = sweep_workload(bench, workload, settings, wanted, model=model).points
        except BadInputError:  # not every model of every workload has a future to know
            continue
        found += [{"settings": p["settings"], "metrics": p["metrics"]} for p in points]
    return tuple(found)
