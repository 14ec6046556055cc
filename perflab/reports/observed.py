"""What was measured elsewhere, such as by a load test: which of it a report has, and its table."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.bench import AnyBench, Observed
from perflab.instrumentation.catalog import METRICS
from perflab.lab.run import Run
from perflab.reports.blocks import Cell, Column, Table
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.wording import setting_name
from perflab.tuning.observed import observed_of
from perflab.units import rounded

_MOST_OPEN = 4


def observed_in(scope: ReportScope, results: Sequence[AnyResult]) -> Observed | None:
    """Return what was measured elsewhere and belongs to the settings that a report is about."""
    if scope.recommendation is not None:
        return observed_of(scope.recommendation.observed)
    known = [observed_of(result.observed) for result in results if not isinstance(result, Run)]
    return next((found for found in reversed(known) if found is not None), None)


def observed_table(bench: AnyBench, observed: Observed | None) -> Table | None:
    """Return measured beside predicted for the metrics of the what-if charts, place by place."""
    if observed is None or not observed.predicted:
        return None
    charts = [chart for chart in bench.display.what_if_charts if chart.along == observed.along]
    infos = [METRICS[name] for chart in charts for name in (chart.metric, *chart.also)]
    rows = []
    pairs = zip(observed.places, observed.metrics, observed.predicted, strict=False)
    for place, measured, predicted in pairs:
        for info in infos:
            told, said = measured.get(info.name), predicted.get(info.name)
            if told is None or said is None:
                continue
            rows.append(
                (
                    Cell(rounded(place), place),
                    Cell(info.label, info.name),
                    Cell(info.format(said), said),
                    Cell(info.format(told), told),
                    Cell(info.difference(said, told), told - said),
                )
            )
    columns = (
        Column(observed.along, setting_name(bench.info(observed.along)).capitalize(), numeric=True),
        Column("metric", "Metric"),
        Column("predicted", "Predicted", numeric=True),
        Column("measured", "Measured", numeric=True),
        Column("difference", "Difference", numeric=True),
    )
    title = f"{observed.source[:1].upper()}{observed.source[1:]}, beside what is predicted there"
    folded = len(observed.places) > _MOST_OPEN
    return Table("observed", title, columns, tuple(rows), folded=folded)
