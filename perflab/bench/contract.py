"""`check_bench`: whether what a bench declares fits together, looked at when it is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from perflab.bench.base import Bench
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import PREDICTED, SINCE_CHANGE
from perflab.settings import LoadSettings

_DECLARED = (
    "pattern",
    "title",
    "question",
    "settings_class",
    "default_workload",
    "calibration_workload",
    "calibration_settings",
    "panel_defaults",
    "objective",
    "tuned",
    "shipped_costs",
    "sliders",
    "what_if_charts",
    "live_charts",
    "headline",
)
_COLUMNS = frozenset({"seconds", "virtual_seconds", "version", "sampled", "error"})
"""What rows of runs and of predictions hold beside metrics."""


def check_bench(bench: Bench, name: str) -> None:
    """Refuse a bench whose declarations do not fit together, before something is made of them.

    Args:
        bench: As its entry point gave it.
        name: The name of the entry point.

    Raises:
        BadInputError: With the first declaration that is missing or wrong.
    """
    missing = [each for each in _DECLARED if not hasattr(bench, each)]
    if missing:
        raise BadInputError(f"does not declare {', '.join(missing)}", type(bench).__name__)
    if bench.pattern != name:
        raise BadInputError(f"is {bench.pattern!r}, but its entry point is {name!r}", "pattern")
    if not bench.backends:
        raise BadInputError("names none; leave it out where a pattern has none", "backends")
    _check_settings(bench)
    _check_metrics(bench)


def _check_settings(bench: Bench) -> None:
    both = sorted(bench.settings_class.model_fields.keys() & LoadSettings.model_fields.keys())
    if both:
        text = f"{', '.join(both)}: every load has a setting of that name; choose another"
        raise BadInputError(text, bench.settings_class.__name__)
    for where, key in _settings(bench):
        try:
            bench.info(key)
        except BadInputError as error:
            raise BadInputError(str(error), where) from None
    for where, key in _lines_along(bench):
        if bench.info(key).kind not in (int, float):
            raise BadInputError(f"{key} is not a number, so that no axis goes along it", where)


def _check_metrics(bench: Bench) -> None:
    if isinstance(bench.levels, str):
        raise BadInputError("is a str, not a set of names", "levels")
    _check_own_metrics(bench)
    known = bench.known_metrics()
    for where, metric in _metrics(bench):
        if metric not in known:
            text = f"no metric {metric!r} is declared{nearest(metric, known)}"
            raise BadInputError(text, where)


def _check_own_metrics(bench: Bench) -> None:
    for info in bench.metric_infos:
        of_a_row = info.name.startswith(PREDICTED) or info.name.endswith(SINCE_CHANGE)
        if not info.name.isidentifier() or of_a_row:
            text = (
                f"{info.name!r} is not a name for a metric: letters, digits and underscores, "
                f"not beginning with {PREDICTED} and not ending with {SINCE_CHANGE}"
            )
            raise BadInputError(text, "metric_infos")
        of_setting = info.name in bench.settings_class.model_fields
        if of_setting or info.name in LoadSettings.model_fields or info.name in _COLUMNS:
            text = f"{info.name!r} is the name of a setting or of a column of results already"
            raise BadInputError(text, "metric_infos")


def _settings(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield where a setting is named, and its key."""
    for where in ("sliders", "naming", "outputs", "also_tuned", "panel_defaults"):
        for key in getattr(bench, where):
            yield where, key
    for key in bench.calibration_settings:
        yield "calibration_settings", key
    yield "tuned", bench.tuned
    yield from _axes(bench)
    for chart in (*bench.what_if_charts, *bench.bounded_charts):
        if chart.lines is not None:
            yield chart.title, chart.lines
    for time_chart in bench.time_charts:
        yield from ((time_chart.title, key) for key in (time_chart.lines, time_chart.limit))


def _lines_along(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield where lines are drawn, and the setting that they go along; a map has cells."""
    for chart in (*bench.what_if_charts, *bench.bounded_charts):
        yield chart.title, chart.along


def _axes(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield where an axis is, and the setting that goes along it."""
    yield from _lines_along(bench)
    for heat_map in (*bench.heat_maps, *bench.bounded_maps):
        yield from ((heat_map.title, key) for key in (heat_map.along, heat_map.against))


def _metrics(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield where a metric is named, and its name."""
    yield from (("headline", name) for name in bench.headline)
    yield "objective", bench.objective.metric
    if bench.weighed_by is not None:
        yield "weighed_by", bench.weighed_by
    for chart in (*bench.what_if_charts, *bench.bounded_charts):
        yield from ((chart.title, name) for name in (chart.metric, *chart.also))
    for heat_map in (*bench.heat_maps, *bench.bounded_maps):
        yield heat_map.title, heat_map.metric
    for time_chart in bench.time_charts:
        yield time_chart.title, time_chart.metric
    for live_chart in bench.live_charts:
        yield from ((live_chart.title, name) for name in live_chart.metrics)
