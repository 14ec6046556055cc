"""A workload over its own time in a report: live keys by TTL as figure, in words and as table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perflab.bench import AnyBench, TimeChart
from perflab.charts import OverTimeAxes, chart_row
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.modelling.history import History
from perflab.reports.blocks import Cell, Column, Figure, Table, Text
from perflab.reports.figures import page_picture
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.svg import svg_of
from perflab.reports.wording import sentence, setting_name, write_setting
from perflab.tuning.recommendation import Recommendation
from perflab.units import percent

SIZE = (1040, 300)
TOP = 52


def histories_in(
    bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]
) -> list[History]:
    """Return the lines of the last result that has some, rather those around what to ship."""
    if bench.over_time is None:
        return []
    here = scope.ship.settings.get(bench.over_time.lines)
    found = [
        [History.from_dict(each) for each in result.histories]
        for result in results
        if not isinstance(result, Recommendation) and result.histories
    ]
    around = [lines for lines in found if here in [each.value for each in lines]]
    return next(iter([*reversed(around), *reversed(found)]), [])


def time_figures(bench: AnyBench, scope: ReportScope, histories: Sequence[History]) -> list[Figure]:
    """Draw them, each over a page's whole width."""
    settings = scope.ship.settings
    figures = []
    for chart in _charts(bench, histories):
        name = _name(chart)
        present, bound = settings.get(chart.lines), settings.get(chart.limit)
        figure, (axes,) = chart_row(1, *SIZE, top=TOP, scale=1.0)
        drawn = OverTimeAxes(axes, chart, bench, animated=False, legend=True)
        drawn.update(histories, present, bound)
        alt = _alt(bench, chart, histories)
        picture = page_picture(figure, drawn.plot())
        figures.append(Figure(name, chart.title, alt, svg_of(figure, name), True, picture))
    return figures


def time_text(bench: AnyBench, scope: ReportScope, histories: Sequence[History]) -> Text | None:
    """Return what the line of the settings to ship says."""
    charts = _charts(bench, histories)
    if not charts:
        return None
    here = scope.ship.settings.get(charts[0].lines)
    present = next((each for each in histories if each.value == here), None)
    if present is None or bench.over_time is None:
        return None
    words = bench.over_time.words(bench.read(scope.ship.settings)[0], present)
    return Text(sentence("; ".join(words))) if words else None


def time_table(bench: AnyBench, scope: ReportScope, histories: Sequence[History]) -> Table | None:
    """Return the most and the mean of each metric, a row a value of the setting."""
    charts = _charts(bench, histories)
    if not charts or bench.over_time is None:
        return None
    of = bench.info(charts[0].lines)
    infos = [metric(chart.metric) for chart in charts]
    over_all = [metric(name) for name in histories[0].metrics]
    columns = [Column(of.key, setting_name(of), numeric=True)]
    for info in infos:
        label = info.label.capitalize()
        columns += [
            Column(f"{info.name}_most", f"{label}, at most", numeric=True),
            Column(f"{info.name}_mean", f"{label}, on average", numeric=True),
        ]
    columns += [Column(info.name, info.label.capitalize(), numeric=True) for info in over_all]
    rows = []
    for each in histories:
        here = each.value == scope.ship.settings.get(of.key)
        cells = [Cell(write_setting(of, each.value), each.value, "changed" if here else "")]
        for info in infos:
            cells += [_cell(info, each.peaks[info.name]), _cell(info, each.means[info.name])]
        cells += [_cell(info, each.metrics[info.name]) for info in over_all]
        rows.append(tuple(cells))
    sampled = min(each.sampled for each in histories)
    note = bench.over_time.note
    note += f" Answered from {percent(sampled)} of the keys." if sampled < 1 else ""
    title = f"{charts[0].title}, in numbers"
    name = f"over-time-{of.key.replace('_', '-')}"
    return Table(
        name, title, tuple(columns), tuple(rows), note.strip(), folded=True, screen_only=True
    )


def _charts(bench: AnyBench, histories: Sequence[History]) -> list[TimeChart]:
    """Return the charts that every history has a curve for."""
    known = [each.curves for each in histories]
    if bench.over_time is None or not known:
        return []
    charts = bench.over_time.charts
    return [chart for chart in charts if all(chart.metric in one for one in known)]


def _name(chart: TimeChart) -> str:
    return f"over-time-{chart.metric}".replace("_", "-")


def _cell(info: MetricInfo, value: float) -> Cell:
    counted = info.unit not in ("ratio", "bytes", "seconds")
    return Cell(info.format(math.floor(value + 0.5) if counted else value), value)


def _alt(bench: AnyBench, chart: TimeChart, histories: Sequence[History]) -> str:
    of, info = bench.info(chart.lines), metric(chart.metric)
    words = [
        f"{setting_name(of)} {write_setting(of, each.value)}: at most "
        f"{info.format(round(each.peaks[chart.metric]))}"
        for each in histories
    ]
    return f"{chart.title}, over the time of the workload. {'; '.join(words)}."
