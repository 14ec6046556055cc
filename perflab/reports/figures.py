"""The figures of a report: what-if curves from predicted points, and runs over their time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure as DrawnFigure

from perflab.bench import AnyBench, Observed, WhatIfChart
from perflab.charts import LiveAxes, Mark, MarkKind, WhatIfAxes, chart_row, style
from perflab.charts.best_strip import Span, best_spans, rivals
from perflab.charts.observed import observed_marks
from perflab.charts.picture import Picture, Plot, picture_of
from perflab.charts.style import line_name
from perflab.instrumentation.catalog import METRICS, metric
from perflab.lab.row_table import Numbers
from perflab.lab.run import Run
from perflab.reports.blocks import Cell, Column, Figure, Table, Text, Tone
from perflab.reports.report_scope import AnyResult, ReportScope, apart_from, measured_point
from perflab.reports.svg import svg_of
from perflab.reports.wording import listed, sentence, setting_name, write_setting
from perflab.settings import SettingInfo, SettingValues
from perflab.tuning.points import Point
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.standing import Standing, runnable
from perflab.units import grouped, rounded

WIDE = (1040, 380)
HALF = (512, 300)
THIRD = (344, 270)
MOST_ROWS = 14
WHOLE_SHARE = 0.95
TOP = 52
BELOW = 41
BAND = 14
HANDLES_A_ROW = 5

Lines = dict[str, tuple[list[float], list[float]]]


@dataclasses.dataclass(frozen=True, slots=True)
class Curves:
    """The lines of one what-if chart, as far as predicted points tell them."""

    chart: WhatIfChart
    lines: Lines


def curves_of(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> list[Curves]:
    """Return the charts that the results' points draw, around the settings to ship if they can."""
    points = [
        point
        for result in results
        if isinstance(result, (Recommendation, Predictions))
        for point in (*result.points, *getattr(result, "ceilings", ()))
    ]
    bases = [scope.ship.settings]
    for result in results:
        if isinstance(result, Recommendation):
            bases.append(result.settings)
        elif isinstance(result, Predictions) and result.points:
            bases += [point["settings"] for point in result.points]
    found = []
    for chart in bench.display.all_charts:
        for base in apart_from({chart.along, chart.lines}, bases):
            lines = _lines(bench, chart, base, points)
            if any(len(xs) > 1 for xs, _ in lines.values()):
                found.append(Curves(chart, lines))
                break
    return found


def curve_figures(
    bench: AnyBench, scope: ReportScope, curves: Sequence[Curves], observed: Observed | None = None
) -> list[Figure]:
    """Draw what-if charts; the first takes a page's whole width."""
    figures = []
    for place, each in enumerate(curves):
        wide = place == 0
        chart, name = each.chart, _name(bench, each.chart)
        marks = [*_marks(bench, scope, chart), *observed_marks(chart, observed)]
        handles = len(each.lines) + len({mark.kind for mark in marks}) + chart.marks_best
        top = TOP if handles <= HANDLES_A_ROW else TOP + 18
        bottom = BELOW + (BAND if chart.reference is not None else 0)
        size = WIDE if wide else HALF
        figure, (axes,) = chart_row(1, *size, top=top, bottom=bottom, scale=1.0)
        highlight = str(scope.ship.settings.get(chart.lines)) if chart.lines else None
        drawn = WhatIfAxes(axes, chart, bench, animated=False, legend=True)
        drawn.update(each.lines, marks, highlight=highlight)
        alt = _curve_alt(bench, each, marks)
        picture = page_picture(figure, drawn.plot())
        svg = svg_of(figure, name)
        figures.append(Figure(name, chart.title, alt, svg, wide, picture, moves=True))
    return figures


def curve_tables(bench: AnyBench, scope: ReportScope, curves: Sequence[Curves]) -> list[Table]:
    """Return the numbers of what-if charts: a row a value of the setting, a column a line."""
    return [_curve_table(bench, scope, each) for each in curves]


def live_figures(bench: AnyBench, run: Run, label: str, number: int) -> list[Figure]:
    """Draw a run over its time; charts whose metrics it has not measured are left out."""
    figures = []
    for chart in bench.display.live_charts:
        if len(run.snapshots) < 2 or chart.metrics[0] not in run.snapshots.names:
            continue
        name = f"live-{number}-{chart.metrics[0].replace('_', '-')}"
        figure, (axes,) = chart_row(1, *THIRD, top=TOP, scale=1.0)
        drawn = LiveAxes(axes, chart, animated=False)
        drawn.update(run.snapshots, predicted=run.predicted, changes=run.changes)
        words = []
        for key in chart.metrics:
            value = (run.since_change or run.metrics).get(key)
            words.append(f"{metric(key).label} {metric(key).format(value)}")
        seconds = run.snapshots[-1].seconds
        alt = (
            f"{chart.title}, {label}, {grouped(round(seconds))} s. At the end: {'; '.join(words)}."
        )
        picture = page_picture(figure, drawn.plot())
        title = f"{chart.title}, {label}"
        figures.append(Figure(name, title, alt, svg_of(figure, name), picture=picture))
    return figures


def page_picture(figure: DrawnFigure, plot: Plot) -> Picture:
    """Return a figure of one plot as data for a page."""
    return picture_of(figure, [plot], ink=style.INK, paper=style.PAPER)


def live_table(bench: AnyBench, run: Run, label: str, number: int) -> Table | None:
    """Return some moments of a run, evenly apart, with the metrics of its charts."""
    keys = dict.fromkeys(key for chart in bench.display.live_charts for key in chart.metrics)
    infos = [METRICS[key] for key in keys if key in run.snapshots.names]
    if not infos or not run.snapshots:
        return None
    rows = []
    (seconds,) = run.snapshots.columns("seconds")
    for place in _moments(seconds, MOST_ROWS):
        row = run.snapshots[place]
        values = [(info, row.metrics.get(info.name)) for info in infos]
        cells = [Cell(f"{rounded(row.seconds)} s", row.seconds)]
        cells += [Cell(info.format(value), value) for info, value in values]
        rows.append(tuple(cells))
    columns = (
        Column("seconds", "Time", numeric=True),
        *(Column(info.name, info.label.capitalize(), numeric=True) for info in infos),
    )
    title = f"{label.capitalize()} in numbers, each of the last second"
    return Table(f"live-{number}", title, columns, tuple(rows), folded=True, screen_only=True)


def _name(bench: AnyBench, chart: WhatIfChart) -> str:
    along = "" if chart in bench.display.what_if_charts else f"-{chart.along}"
    return f"what-if-{chart.metric}{along}".replace("_", "-")


def _lines(
    bench: AnyBench,
    chart: WhatIfChart,
    base: Mapping[str, object],
    points: Sequence[Point],
) -> Lines:
    lines: Lines = {}
    values: Sequence[object] = chart.values if chart.lines else (None,)
    settings, load = bench.read(base)
    if chart.also:
        names = chart.also
        if chart.lines is None:
            names = (chart.metric, *names)
        else:
            lines |= _lines(bench, dataclasses.replace(chart, also=()), base, points)
        for name in names:
            alone = dataclasses.replace(chart, metric=name, also=(), lines=None)
            found = list(_lines(bench, alone, base, points).values())
            # A workload may lack what is shown beside, such as times of the backend.
            if found and len(found[0][0]):
                lines[name] = found[0]
        return lines
    for value in values:
        on_line = (
            settings
            if chart.lines is None
            else bench.display.settings_for_line(settings, chart.lines, value)
        )
        wanted = {**load.shown(), **on_line.shown(), "backend": base.get("backend")}
        wanted.pop(chart.along)
        known: dict[float, float] = {}
        for point in points:
            x, y = point["settings"].get(chart.along), point["metrics"].get(chart.metric)
            if x is None or y is None or not isinstance(x, (int, float)):
                continue
            if all(point["settings"].get(key, held) == held for key, held in wanted.items()):
                known[float(x)] = float(y)
        if known:
            xs = sorted(known)
            lines["" if chart.lines is None else str(value)] = (xs, [known[x] for x in xs])
    return lines


def _marks(bench: AnyBench, scope: ReportScope, chart: WhatIfChart) -> list[Mark]:
    marks = []
    if scope.basis == "predicted":
        if scope.before is not None:
            marks.append(_mark(chart, scope.before.settings, scope.before.metrics, "baseline"))
        kind: MarkKind = "recommended" if scope.recommendation is not None else "now"
        marks.append(_mark(chart, scope.after.settings, scope.after.metrics, kind))
        if scope.measured is not None:
            point = measured_point(bench, scope.measured)
            done, asked = point.metrics.get("requests"), scope.after.metrics.get("requests")
            if done is not None and asked is not None and done >= WHOLE_SHARE * asked:
                marks.append(_mark(chart, point.settings, scope.measured.fitted, "refitted"))
                marks.append(_mark(chart, point.settings, point.metrics, "measured"))
    return [mark for mark in marks if mark is not None]


def _mark(
    chart: WhatIfChart, settings: SettingValues, metrics: Mapping[str, float], kind: MarkKind
) -> Mark | None:
    y = metrics.get(chart.metric)
    if y is None or chart.along not in settings:
        return None
    x = settings[chart.along]
    return Mark("", math.inf if x is None else float(x), float(y), kind)


def _curve_alt(bench: AnyBench, curves: Curves, marks: Sequence[Mark]) -> str:
    """Say in words what a chart shows: where each line begins and ends, and the marks."""
    along, info = bench.info(curves.chart.along), metric(curves.chart.metric)

    def place(x: float) -> str:
        if math.isinf(x):
            return "none"
        return write_setting(along, along.parse(round(x) if along.kind is int else x))

    top, compared = curves.chart.ceiling, _compared(bench, curves.chart)
    words = [
        f"{line_name(label, compared, top) or info.label}: {info.format(ys[0])} at {place(xs[0])}, "
        f"{info.format(ys[-1])} at {place(xs[-1])}"
        for label, (xs, ys) in curves.lines.items()
    ]
    for mark in marks:
        name = mark.source or mark.kind
        words.append(f"{name}: {info.format(mark.y)} at {place(mark.x)}")
    best = [
        f"{line_name(line, compared)} from {place(low)} to {place(high)}"
        for low, high, line in _best(bench, curves)
    ]
    words += [f"best: {listed(best)}"] if best else []
    return f"{curves.chart.title}. {'; '.join(words)}."


def _compared(bench: AnyBench, chart: WhatIfChart) -> SettingInfo | None:
    """Return the setting that has another value on each line; none for one line."""
    return None if chart.lines is None else bench.info(chart.lines)


def _best(bench: AnyBench, curves: Curves) -> list[Span]:
    """Return which line is the best where, for charts that compare with a reference."""
    chart = curves.chart
    if chart.reference is None:
        return []
    higher = metric(chart.metric).better != "lower"
    rival = rivals(chart, curves.lines, runnable(chart, bench))
    return best_spans(rival, higher=higher, log=bench.info(chart.along).scale == "log")


def standing_text(bench: AnyBench, scope: ReportScope, curves: Sequence[Curves]) -> Text | None:
    """Return gain over the reference and distance to the ceiling at the settings to ship."""
    settings = scope.ship.settings
    for each in curves:
        chart, here = each.chart, settings.get(each.chart.along)
        if chart.reference is None or here is None:
            continue
        known = {line: dict(zip(*xy, strict=True)) for line, xy in each.lines.items()}
        there = {line: values[here] for line, values in known.items() if here in values}
        present, can_run = str(settings.get(str(chart.lines))), runnable(chart, bench)
        compared = _compared(bench, chart)
        titles = {} if compared is None else compared.titles
        standing = Standing(chart, there, present, frozenset(), frozenset(can_run), titles)
        words = standing.words()
        if len(words) > 1:
            return Text(sentence(f"At the settings to ship: {'; '.join(words)}"))
    return None


def _curve_table(bench: AnyBench, scope: ReportScope, curves: Curves) -> Table:
    along, info = bench.info(curves.chart.along), metric(curves.chart.metric)
    xs = sorted({x for line, _ in curves.lines.values() for x in line})
    named = [scope.ship.settings.get(along.key)]
    if scope.before is not None:
        named.append(scope.before.settings.get(along.key))
    places = sorted({*_evenly(len(xs), MOST_ROWS), *(xs.index(x) for x in named if x in xs)})
    known = {label: dict(zip(*line, strict=True)) for label, line in curves.lines.items()}
    rows = []
    for x in (xs[place] for place in places):
        value = along.parse(x)
        tone: Tone = "changed" if value == scope.ship.settings.get(along.key) else ""
        cells = [Cell(write_setting(along, value), value, tone)]
        cells += [Cell(info.format(line.get(x)), line.get(x)) for line in known.values()]
        rows.append(tuple(cells))
    columns = (
        Column(along.key, setting_name(along).capitalize(), numeric=True),
        *(
            Column(
                label or info.name,
                line_name(label, _compared(bench, curves.chart), curves.chart.ceiling)
                or info.label,
                numeric=True,
            )
            for label in known
        ),
    )
    name = _name(bench, curves.chart)
    return Table(
        name,
        f"{curves.chart.title}, in numbers",
        columns,
        tuple(rows),
        folded=True,
        screen_only=True,
    )


def _evenly(count: int, most: int) -> list[int]:
    """Return at most so many places of a sequence, evenly apart, its ends among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _moments(seconds: Numbers, most: int) -> list[int]:
    """Return at most so many places of a run's rows, evenly apart in time, its ends among them."""
    wanted = np.linspace(seconds[0], seconds[-1], most)
    nearest = np.abs(seconds - wanted[:, None]).argmin(axis=1)
    return sorted(set(nearest.tolist()))
