"""The heat maps of a report: drawn from predicted points that differ in two settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.bench import AnyBench, HeatMap
from perflab.charts import MarkKind, chart_row
from perflab.charts.heat_map import BAR_ROOM, draw_heat_map
from perflab.instrumentation.catalog import metric
from perflab.reports.blocks import Cell, Column, Figure, Table
from perflab.reports.figures import page_picture
from perflab.reports.report_scope import AnyResult, ReportScope, apart_from
from perflab.reports.svg import svg_of
from perflab.reports.wording import setting_name, write_setting
from perflab.settings import SettingInfo
from perflab.tuning.points import Point
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import percent

SIZE = (512, 320)
TOP = 52
FEWEST = 3
MOST_COLUMNS = 9


@dataclasses.dataclass(frozen=True, slots=True)
class MapOfPoints:
    """A heat map, as far as predicted points tell it.

    Attributes:
        heat_map: What it shows.
        columns: The values of the horizontal axis, none last.
        rows: Those of the vertical one.
        values: Shape ``(rows, columns)``; NaN where no point is.
        sampled: The least share of the workload that a cell is from; 1.0 where all are exact.
    """

    heat_map: HeatMap
    columns: tuple[object, ...]
    rows: tuple[object, ...]
    values: npt.NDArray[np.float64]
    sampled: float = 1.0


def maps_of(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> list[MapOfPoints]:
    """Return the maps that the results' points fill, around the settings to ship if they can."""
    sweeps: list[Sequence[Point]] = []
    for result in results:
        if isinstance(result, Predictions):
            sweeps += [result.points, result.maps]
        elif isinstance(result, Recommendation):
            sweeps.append(result.points)
    found = []
    for heat_map in bench.display.all_maps:
        points = [point["settings"] for sweep in sweeps for point in sweep]
        varied = {heat_map.along, heat_map.against}
        for base in apart_from(varied, [scope.ship.settings, *points]):
            # One sweep a map: the values of two together would leave holes between them.
            made = [_map(bench, heat_map, base, sweep) for sweep in sweeps]
            full = [each for each in made if each is not None]
            if full:
                found.append(max(full, key=lambda each: int(np.isfinite(each.values).sum())))
                break
    return found


def map_figures(bench: AnyBench, scope: ReportScope, maps: Sequence[MapOfPoints]) -> list[Figure]:
    """Draw maps, with the settings that the report is about."""
    figures = []
    for each in maps:
        along, against = each.heat_map.along, each.heat_map.against
        name = _name(each)
        figure, (axes,) = chart_row(1, *SIZE, top=TOP, right=BAR_ROOM, scale=1.0)
        settings: list[tuple[MarkKind, object, object]] = []
        if scope.before is not None:
            before = scope.before.settings
            settings.append(("baseline", before.get(along), before.get(against)))
        kind: MarkKind = "recommended" if scope.recommendation is not None else "now"
        after = scope.after.settings
        settings.append((kind, after.get(along), after.get(against)))
        plot = draw_heat_map(
            axes,
            each.heat_map,
            each.values,
            each.columns,
            each.rows,
            settings=settings,
            bench=bench,
        )
        alt = _alt(bench, each, settings)
        picture = page_picture(figure, plot)
        svg = svg_of(figure, name)
        figures.append(Figure(name, each.heat_map.title, alt, svg, picture=picture))
    return figures


def map_tables(bench: AnyBench, maps: Sequence[MapOfPoints]) -> list[Table]:
    """Return the numbers of maps: a row a value of the vertical axis."""
    return [_table(bench, each) for each in maps]


def _map(
    bench: AnyBench, heat_map: HeatMap, base: Mapping[str, object], points: Sequence[Point]
) -> MapOfPoints | None:
    varied = (heat_map.along, heat_map.against)
    along, against = map(bench.info, varied)
    wanted = {key: value for key, value in base.items() if key not in varied}
    found: dict[tuple[object, object], float] = {}
    sampled = 1.0
    for point in points:
        settings, value = point["settings"], point["metrics"].get(heat_map.metric)
        on_map = all(key in settings for key in varied)
        if (
            value is not None
            and on_map
            and all(settings.get(key, held) == held for key, held in wanted.items())
        ):
            place = against.parse(settings[against.key]), along.parse(settings[along.key])
            found[place] = float(value)
            sampled = min(sampled, point.get("sampled", 1.0))
    columns = _sorted(along, {x for _, x in found})
    rows = _sorted(against, {y for y, _ in found})
    if min(len(columns), len(rows)) < FEWEST:
        return None
    values = np.full((len(rows), len(columns)), np.nan)
    for (y, x), value in found.items():
        values[rows.index(y), columns.index(x)] = value
    # A cross product fills it; a line along each axis does not make a map.
    if np.isfinite(values).mean() <= 0.5:
        return None
    return MapOfPoints(heat_map, columns, rows, values, sampled)


def _sorted(info: SettingInfo, values: set[Any]) -> tuple[object, ...]:
    known = [value for value in values if value is not None]
    ordered = [word for word in info.choices if word in known] or sorted(known)
    return (*ordered, *([None] if None in values else []))


def _name(each: MapOfPoints) -> str:
    shown = each.heat_map
    return f"map-{shown.metric}-{shown.along}-{shown.against}".replace("_", "-")


def _alt(
    bench: AnyBench, each: MapOfPoints, settings: Sequence[tuple[MarkKind, object, object]]
) -> str:
    """Say in words what a map shows: its highest and lowest value and where, and the marks."""
    shown, info = each.heat_map, metric(each.heat_map.metric)
    along, against = bench.info(shown.along), bench.info(shown.against)

    def where(x: object, y: object) -> str:
        return f"{setting_name(along)} {write_setting(along, x)} and {setting_name(against)} " + (
            write_setting(against, y)
        )

    def cell(word: str, place: int) -> str:
        row, column = np.unravel_index(place, each.values.shape)
        value = float(each.values[row, column])
        return f"{word} {info.format(value)} at {where(each.columns[column], each.rows[row])}"

    words = [
        cell("highest", int(np.nanargmax(each.values))),
        cell("lowest", int(np.nanargmin(each.values))),
        *(f"{kind}: {where(x, y)}" for kind, x, y in settings),
    ]
    return f"{shown.title}: {info.label}. {'; '.join(words)}."


def _table(bench: AnyBench, each: MapOfPoints) -> Table:
    shown, info = each.heat_map, metric(each.heat_map.metric)
    along, against = bench.info(shown.along), bench.info(shown.against)
    count = len(each.columns)
    most = min(count, MOST_COLUMNS)
    kept = sorted({round(i * (count - 1) / max(most - 1, 1)) for i in range(most)})
    columns = [Column(against.key, setting_name(against).capitalize(), numeric=True)]
    for place in kept:
        text = write_setting(along, each.columns[place])
        columns.append(Column(f"{along.key}={along.format(each.columns[place])}", text, True))
    rows = []
    for row, value in enumerate(each.rows):
        cells = [Cell(write_setting(against, value), value)]
        for place in kept:
            known = float(each.values[row, place])
            shown_as = Cell(info.format(known), known) if np.isfinite(known) else Cell("n/a")
            cells.append(shown_as)
        rows.append(tuple(cells))
    note = f"One column per value of {setting_name(along)}."
    if each.sampled < 1:
        note += (
            f" Answered from a sample, where it is smallest {percent(each.sampled)} of the whole."
        )
    title = f"{shown.title}, in numbers"
    return Table(
        _name(each), title, tuple(columns), tuple(rows), note, folded=True, screen_only=True
    )
