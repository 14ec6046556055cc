"""`check_bench`: whether what a bench declares fits together, looked at when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from perflab.bench.advising import Advising
from perflab.bench.base import AnyBench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.models import Models
from perflab.bench.over_time import OverTime
from perflab.bench.part_of_keys import PartOfKeys
from perflab.bench.parts import TimeChart
from perflab.bench.questions import QUESTIONS
from perflab.bench.shadow import ShadowPlan
from perflab.bench.stage import CACHES, Place
from perflab.bench.tuning import Tuning
from perflab.bench.user_servers import UserServers
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import PREDICTED, SINCE_CHANGE
from perflab.settings import LoadSettings

_DECLARED = ("identity", "default_workload", "display", "tuning", "calibration")
_PARTS: Mapping[str, type] = {
    "identity": Identity,
    "display": Display,
    "tuning": Tuning,
    "calibration": CalibrationPlan,
    "live": Live,
    "models": Models,
    "servers": UserServers,
    "over_time": OverTime,
    "part_of_keys": PartOfKeys,
    "advice": Advising,
    "shadow": ShadowPlan,
}
_OPTIONAL = frozenset({"servers", "over_time", "part_of_keys", "advice", "shadow"})
_OLD = ("pattern", "settings_class", "sliders", "tuned")
"""What a bench declared itself before its contract was made of parts."""
NEW_CONTRACT = "the contract of benches is made of parts now; see docs/add_a_pattern.md"
_COLUMNS = frozenset({"seconds", "virtual_seconds", "version", "sampled", "error"})
"""What rows of runs and of predictions hold beside metrics."""


def refuse_old(made: object) -> None:
    """Refuse the class of a bench that was written before the contract was made of parts.

    Args:
        made: What an entry point leads to, not called yet: methods that are new would be missing.

    Raises:
        BadInputError: If it is such a class; it says where the contract is described.
    """
    if not hasattr(made, "identity") and all(hasattr(made, each) for each in _OLD):
        where = getattr(made, "__name__", "the bench")
        raise BadInputError(f"is written for perflab 0.1: {NEW_CONTRACT}", where)


def check_bench(bench: AnyBench, name: str) -> None:
    """Refuse a bench whose declarations do not fit together, before something is made of them.

    Args:
        bench: As its entry point gave it.
        name: The name of the entry point.

    Raises:
        BadInputError: With the first declaration that is missing or wrong.
    """
    _check_parts(bench)
    pattern = bench.identity.pattern
    if pattern != name:
        raise BadInputError(f"is {pattern!r}, but its entry point is {name!r}", "pattern")
    _check_settings(bench)
    _check_metrics(bench)


def _check_parts(bench: AnyBench) -> None:
    of = type(bench).__name__
    missing = [each for each in _DECLARED if not hasattr(bench, each)]
    if missing:
        raise BadInputError(f"does not declare {', '.join(missing)}", of)
    for name, kind in _PARTS.items():
        part = getattr(bench, name)
        if not isinstance(part, kind) and not (part is None and name in _OPTIONAL):
            text = f"must be {kind.__name__}, not {type(part).__name__}"
            raise BadInputError(text, name)
    _check_stage(bench)
    own = () if bench.advice is None else bench.advice.questions
    for question in own:
        if question.key in QUESTIONS and question != QUESTIONS[question.key]:
            raise BadInputError(f"{question.key!r} is a shared question already", "questions")
    if bench.over_time is not None and not bench.over_time.charts:
        raise BadInputError("has no charts; leave it out where there are none", "over_time")
    bounded = bench.display.bounded
    if bounded is not None and len(bounded.charts) != len(bench.display.what_if_charts):
        raise BadInputError("are not as many as what_if_charts", "bounded charts")


def _check_stage(bench: AnyBench) -> None:
    if bench.stage is None:
        return
    place = getattr(bench.stage, "place", None)
    pools = ("forward_pools", "most_connections", "settings_with", "costs_at")
    sizes = ("bytes_at", "settings_at", "least_bytes", "at_share")
    further = pools if place is Place.POOL else sizes if place in CACHES else ()
    for method in ("forward", *further):
        if not callable(getattr(bench.stage, method, None)):
            raise BadInputError(f"has no method {method}", "stage")
    if not isinstance(place, Place):
        raise BadInputError("has no place, which says what may follow it", "stage")


def _check_settings(bench: AnyBench) -> None:
    of = bench.identity.settings_class
    both = sorted(of.model_fields.keys() & LoadSettings.model_fields.keys())
    if both:
        text = f"{', '.join(both)}: every load has a setting of that name; choose another"
        raise BadInputError(text, of.__name__)
    for where, key in _settings(bench):
        try:
            bench.info(key)
        except BadInputError as error:
            raise BadInputError(str(error), where) from None
    for where, key in _lines_along(bench):
        if bench.info(key).kind not in (int, float):
            raise BadInputError(f"{key} is not a number, so that no axis goes along it", where)


def _check_metrics(bench: AnyBench) -> None:
    if isinstance(bench.live.levels, str):
        raise BadInputError("is a str, not a set of names", "levels")
    if isinstance(bench.live.measures, str):
        raise BadInputError("is a str, not a set of names", "measures")
    _check_own_metrics(bench)
    known = bench.known_metrics()
    for where, metric in _metrics(bench):
        if metric not in known:
            text = f"no metric {metric!r} is declared{nearest(metric, known)}"
            raise BadInputError(text, where)


def _check_own_metrics(bench: AnyBench) -> None:
    for info in bench.display.metric_infos:
        of_a_row = info.name.startswith(PREDICTED) or info.name.endswith(SINCE_CHANGE)
        if not info.name.isidentifier() or of_a_row:
            text = (
                f"{info.name!r} is not a name for a metric: letters, digits and underscores, "
                f"not beginning with {PREDICTED} and not ending with {SINCE_CHANGE}"
            )
            raise BadInputError(text, "metric_infos")
        of_setting = info.name in bench.identity.settings_class.model_fields
        if of_setting or info.name in LoadSettings.model_fields or info.name in _COLUMNS:
            text = f"{info.name!r} is the name of a setting or of a column of results already"
            raise BadInputError(text, "metric_infos")


def _settings(bench: AnyBench) -> Iterator[tuple[str, str]]:
    """Yield where a setting is named, and its key."""
    display, tuning = bench.display, bench.tuning
    named: tuple[tuple[str, Iterable[str]], ...] = (
        ("sliders", display.sliders),
        ("naming", bench.naming),
        ("outputs", bench.live.outputs),
        ("functions", bench.live.functions),
        ("also_tuned", tuning.also_tuned),
        ("panel_defaults", display.panel_defaults),
        ("calibration.settings", bench.calibration.settings),
        ("tuned", (tuning.tuned,)),
        ("bounded_by", () if tuning.bounded_by is None else (tuning.bounded_by,)),
    )
    for where, keys in named:
        yield from ((where, key) for key in keys)
    yield from _axes(bench)
    for chart in bench.display.all_charts:
        if chart.lines is not None:
            yield chart.title, chart.lines
    for time_chart in _time_charts(bench):
        yield from ((time_chart.title, key) for key in (time_chart.lines, time_chart.limit))


def _lines_along(bench: AnyBench) -> Iterator[tuple[str, str]]:
    """Yield where lines are drawn, and the setting that they go along; a map has cells."""
    for chart in bench.display.all_charts:
        yield chart.title, chart.along


def _axes(bench: AnyBench) -> Iterator[tuple[str, str]]:
    """Yield where an axis is, and the setting that goes along it."""
    yield from _lines_along(bench)
    for heat_map in bench.display.all_maps:
        yield from ((heat_map.title, key) for key in (heat_map.along, heat_map.against))


def _metrics(bench: AnyBench) -> Iterator[tuple[str, str]]:
    """Yield where a metric is named, and its name."""
    yield from (("headline", name) for name in bench.display.headline)
    yield from (("measures", name) for name in sorted(bench.live.measures))
    yield "objective", bench.tuning.objective.metric
    if bench.tuning.weighed_by is not None:
        yield "weighed_by", bench.tuning.weighed_by
    for chart in bench.display.all_charts:
        yield from ((chart.title, name) for name in (chart.metric, *chart.also))
    for heat_map in bench.display.all_maps:
        yield heat_map.title, heat_map.metric
    for time_chart in _time_charts(bench):
        yield time_chart.title, time_chart.metric
    for live_chart in bench.display.live_charts:
        yield from ((live_chart.title, name) for name in live_chart.metrics)


def _time_charts(bench: AnyBench) -> tuple[TimeChart, ...]:
    return () if bench.over_time is None else bench.over_time.charts
