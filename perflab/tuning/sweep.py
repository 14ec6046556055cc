"""`predict`: what the model says at one point or over the cross product of several settings."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
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
from perflab.workloads.kinds.workload import Workload

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 100_000
MOST_REMARKS = 4
"""On one swept setting that hold at some points: as many as `writes` has values."""

Found = tuple[Point, tuple[str, ...]]
"""A point and the remarks on it."""
_IN_FORCE = ("writes", "ttl_from")
"""The settings of the load whose remarks say what is in force."""

Drawn = tuple[float, str | None]


@naming_extra("cli")
def predict(
    pattern: str,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    sweep: Mapping[str, Iterable[object]] | None = None,
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
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    sweep: Mapping[str, Iterable[object]] | None = None,
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
    loaded = bench.workload_for(bench.read(settings)[0], workload)
    return sweep_workload(
        bench, loaded, settings, sweep, sample, executor, progress, sampling=sampling
    )


def sweep_workload(
    bench: AnyBench,
    workload: Workload,
    settings: Mapping[str, object] | None = None,
    sweep: Mapping[str, Iterable[object]] | None = None,
    sample: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    model: AnyModel | None = None,
    sampling: str | None = None,
) -> Predictions:
    """Predict every point of a sweep over a trace that is already loaded.

    Workers in other processes map the trace from a folder that all of them read.

    Raises:
        BadInputError: If a setting is not right, or the model cannot answer.
    """
    checked, load = bench.read(settings)
    calibration = calibration_for(bench, checked, load, workload)
    grid = _points(bench, workload, settings or {}, sweep or {})
    if sample is not None and not 0 < sample <= 1:
        raise BadInputError("a sample is a share of the keys, above 0 and at most 1", "sample")
    if sampling is not None and sample is None:
        text = "chooses the method of sampling; also set sample, the fraction of keys"
        raise BadInputError(text, "sampling")
    drawn = None if sample is None or sample == 1 else (sample, sampling)
    names = [_name(values, sweep or settings or {}) for values in grid]
    costs = calibration.costs
    known = None if model is None else model.with_costs(costs)
    if executor is None:
        asked = known or _model(bench, workload, costs, drawn)
        here = [(bench, asked, values) for values in grid]
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            found = gather(threads, _predict, here, names, progress)
    else:
        with kept_folder("perflab-sweep-", shared_folder()) as folder:
            place = str(folder / "trace")
            bench.workload_kind.save(workload, place)
            there = [(bench.identity.pattern, place, drawn, values, costs) for values in grid]
            found = gather(executor, _predict_there, there, names, progress)
    present = (checked, load, costs, tuple(sweep or ()))
    points, said = [point for point, _ in found], [remarks for _, remarks in found]
    notice = bench.live.notice(checked, load)
    remarks = [remark for remark in said[0] if all(remark in other for other in said)]
    return Predictions(
        pattern=bench.identity.pattern,
        workload=workload_summary(workload),
        points=tuple(points),
        swept=tuple(sweep or ()),
        calibration=calibration.to_dict(),
        environment=environment(),
        observed=observed_beside(bench, lambda: known or bench.model(workload, costs), *present),
        remarks=(
            *remarks,
            *_of_some_points(said, tuple(sweep or ())),
            *_from_a_sample(bench, points),
            *([f"in a run {notice}"] if notice else ()),
            calibration.describe(),
        ),
    )


def live_bounds(
    sweep: Mapping[str, Iterable[object]], settings: Mapping[str, object] | None
) -> tuple[dict[str, object], ...]:
    """Return the settings that a live check of a recommendation goes up to.

    What it would do on a user's server is at most what these would: the highest number of each
    setting that tuning may recommend, and the user's own settings.
    """
    highest = {
        key: max(numbers)
        for key, values in sweep.items()
        if (numbers := [v for v in values if isinstance(v, (int, float))])
    }
    return {**(settings or {}), **highest}, dict(settings or {})


def _of_some_points(said: list[tuple[str, ...]], swept: tuple[str, ...]) -> list[str]:
    """Return the remarks that hold at some points, on swept settings and what is in force."""
    result = []
    for key in dict.fromkeys((*swept, *_IN_FORCE)):
        counts = Counter(text for each in said for text in each if text.startswith(f"{key} "))
        some = [(text, count) for text, count in counts.items() if count < len(said)]
        result += [
            f"at {grouped(count)} of {grouped(len(said))} points, {text}"
            for text, count in some[:MOST_REMARKS]
        ]
        if len(some) > MOST_REMARKS:
            result.append(f"{key}: {counted(len(some) - MOST_REMARKS, 'more remark')} like these")
    return result


def _points(
    bench: AnyBench,
    workload: Workload,
    settings: Mapping[str, object],
    sweep: Mapping[str, Iterable[object]],
) -> list[dict[str, object]]:
    axes = {key: _once(values) for key, values in sweep.items()}
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
    points: list[dict[str, object]] = []
    for combination in itertools.product(*axes.values()):
        point = {**settings, **dict(zip(axes, combination, strict=True))}
        checked, load = bench.read(point)
        bench.models.check(checked, load, workload)
        points.append(point)
    return points


def _once(values: Iterable[object]) -> list[object]:
    """Return values in their order, each once; 1 and True are not the same."""
    found: list[object] = []
    for value in values:
        if not any(value == known and type(value) is type(known) for known in found):
            found.append(value)
    return found


def _from_a_sample(bench: AnyBench, points: Iterable[Point]) -> tuple[str, ...]:
    """Say how far sampled points may be off, where there are some."""
    sampled = [point for point in points if point["sampled"] < 1]
    if not sampled:
        return ()
    info, error = metric(bench.tuning.objective.metric), max(point["error"] for point in sampled)
    count = "1 point is" if len(sampled) == 1 else f"{len(sampled)} points are"
    return (f"{count} from samples: {info.label} {info.format_band(error)} at most",)


def _name(values: Mapping[str, object], keys: Iterable[str]) -> str:
    return ", ".join(f"{key}={values[key]}" for key in keys) or "the settings"


def _predict(bench: AnyBench, model: AnyModel, values: Mapping[str, object]) -> Found:
    settings, load = bench.read(values)
    found = model.predict(settings, load)
    return point_of(found, settings, load), found.remarks


def _predict_there(
    pattern: str, place: str, drawn: Drawn | None, values: Mapping[str, object], costs: Costs
) -> Found:
    model = _opened(pattern, place, drawn).with_costs(costs)
    return _predict(load_bench(pattern), model, values)


@lru_cache(maxsize=2)
def _opened(pattern: str, place: str, drawn: Drawn | None) -> AnyModel:
    """Return the model that all points of a worker share, which gets its costs with each."""
    bench = load_bench(pattern)
    workload = bench.workload_kind.open(place)
    return _model(bench, workload, bench.calibration.shipped_costs, drawn)


def _model(bench: AnyBench, workload: Workload, costs: Costs, drawn: Drawn | None) -> AnyModel:
    if drawn is None:
        return bench.model(workload, costs)
    share, method = drawn
    return bench.sampled_model(workload, costs, share, method)
