"""`predict`: what the model says at one point or over the cross product of several settings."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perflab.bench.base import Bench
from perflab.bench.model import Model
from perflab.bench.registry import load_bench
from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import metric
from perflab.lab.calibration import calibration_for
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.modelling.prediction import Costs
from perflab.servers.keeper import kept_folder
from perflab.settings.folders import shared_folder
from perflab.tuning.executors import gather
from perflab.tuning.observed import observed_beside
from perflab.tuning.points import Point, point_of
from perflab.tuning.predictions import Predictions
from perflab.units import counted, grouped
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 100_000

Found = tuple[Point, tuple[str, ...]]
"""A point and the remarks on it."""

Drawn = tuple[float, str | None]


@naming_extra("cli")
def predict(
    pattern: str,
    workload: Any = None,
    settings: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Iterable[Any]] | None = None,
    sample: float | None = None,
    executor: Executor | None = None,
    sampling: str | None = None,
) -> pd.DataFrame:
    """Return a row a point: every setting, the metrics, ``sampled`` and ``error``.

    Args:
        pattern: A pattern's name.
        workload: A file's path, a name with parameters, or a `Trace`; none for the bench's own.
        settings: Keys of the pattern and of the load.
        sweep: Values by key; several keys make their cross product.
        sample: The share of the keys to look at, such as 0.01; none for exact.
        executor: Where to compute, any of `concurrent.futures` or dask's by
            ``Client.get_executor()``; threads of this process where none is given.
        sampling: How the keys are drawn, by a method of the pattern; none for its own way.

    Raises:
        BadInputError: If the workload or a setting is not right, or the model cannot answer.
    """
    found = predictions(pattern, workload, settings, sweep, sample, executor, sampling=sampling)
    return found.to_frame()


@naming_extra("cli")
def predictions(
    pattern: str,
    workload: Any = None,
    settings: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Iterable[Any]] | None = None,
    sample: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    sampling: str | None = None,
) -> Predictions:
    """Do what `predict` does and return it with workload, calibration and environment.

    Raises:
        BadInputError: If the workload or a setting is not right, or the model cannot answer.
    """
    bench = load_bench(pattern)
    trace = bench.workload_for(bench.read(settings)[0], workload)
    return sweep_trace(bench, trace, settings, sweep, sample, executor, progress, sampling=sampling)


def sweep_trace(
    bench: Bench,
    trace: Trace,
    settings: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Iterable[Any]] | None = None,
    sample: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    model: Model | None = None,
    sampling: str | None = None,
) -> Predictions:
    """Predict every point of a sweep over a trace that is already loaded.

    Workers in other processes map the trace from a folder that all of them read.

    Raises:
        BadInputError: If a setting is not right, or the model cannot answer.
    """
    checked, load = bench.read(settings)
    calibration = calibration_for(bench, checked, load, trace)
    grid = _points(bench, trace, settings or {}, sweep or {})
    if sample is not None and not 0 < sample <= 1:
        raise BadInputError("a sample is a share of the keys, above 0 and at most 1", "sample")
    if sampling is not None and sample is None:
        text = "chooses the method of sampling; also set sample, the fraction of keys"
        raise BadInputError(text, "sampling")
    drawn = None if sample is None or sample == 1 else (sample, sampling)
    names = [_name(values, sweep or settings or {}) for values in grid]
    if executor is None:
        known = model or _model(bench, trace, drawn)
        here = [(bench, known, values, calibration.costs) for values in grid]
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            found = gather(threads, _predict, here, names, progress)
    else:
        with kept_folder("perflab-sweep-", shared_folder()) as folder:
            place = str(folder / "trace")
            bench.workload_kind.save(trace, place)
            there = [(bench.pattern, place, drawn, values, calibration.costs) for values in grid]
            found = gather(executor, _predict_there, there, names, progress)
    asked = (checked, load, calibration.costs, tuple(sweep or ()))
    points, said = [point for point, _ in found], [remarks for _, remarks in found]
    notice = bench.notice(checked, load)
    remarks = [remark for remark in said[0] if all(remark in other for other in said)]
    return Predictions(
        pattern=bench.pattern,
        workload=workload_summary(trace),
        points=tuple(points),
        swept=tuple(sweep or ()),
        calibration=calibration.to_dict(),
        environment=environment(),
        observed=observed_beside(bench, lambda: model or bench.model(trace), *asked),
        remarks=(
            *remarks,
            *_from_a_sample(bench, points),
            *([f"in a run {notice}"] if notice else ()),
            calibration.describe(),
        ),
    )


def _points(
    bench: Bench, trace: Trace, settings: Mapping[str, Any], sweep: Mapping[str, Iterable[Any]]
) -> list[dict[str, Any]]:
    axes = {key: list(values) for key, values in sweep.items()}
    count = 1
    for key, values in axes.items():
        bench.info(key)
        if not values:
            raise BadInputError("has no values to sweep over", key)
        count *= len(values)
    if count > MOST_POINTS:
        raise BadInputError(
            f"a sweep of {counted(count, 'point')} is more than {grouped(MOST_POINTS)}", "sweep"
        )
    points: list[dict[str, Any]] = []
    for combination in itertools.product(*axes.values()):
        point = {**settings, **dict(zip(axes, combination, strict=True))}
        checked, load = bench.read(point)
        bench.check_model(checked, load, trace)
        points.append(point)
    return points


def _from_a_sample(bench: Bench, points: Iterable[Point]) -> tuple[str, ...]:
    """Say how far sampled points may be off, where there are some."""
    sampled = [point for point in points if point["sampled"] < 1]
    if not sampled:
        return ()
    info, error = metric(bench.objective.metric), max(point["error"] for point in sampled)
    count = "1 point is" if len(sampled) == 1 else f"{len(sampled)} points are"
    return (f"{count} from samples: {info.label} {info.format_band(error)} at most",)


def _name(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(f"{key}={values[key]}" for key in keys) or "the settings"


def _predict(bench: Bench, model: Model, values: Mapping[str, Any], costs: Costs) -> Found:
    settings, load = bench.read(values)
    found = model.predict(settings, load, costs)
    return point_of(found, settings, load), found.remarks


def _predict_there(
    pattern: str, place: str, drawn: Drawn | None, values: Mapping[str, Any], costs: Costs
) -> Found:
    return _predict(load_bench(pattern), _opened(pattern, place, drawn), values, costs)


@lru_cache(maxsize=2)
def _opened(pattern: str, place: str, drawn: Drawn | None) -> Model:
    return _model(load_bench(pattern), load_bench(pattern).workload_kind.open(place), drawn)


def _model(bench: Bench, trace: Trace, drawn: Drawn | None) -> Model:
    if drawn is None:
        return bench.model(trace)
    share, method = drawn
    if method is None:
        return bench.sampled_model(trace, share)
    return bench.sampled_by(trace, share, method)
