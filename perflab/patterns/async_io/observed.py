"""What a load test or a calibration has measured of the user's server, beside the curves."""

from __future__ import annotations

import math

import numpy as np

from perflab.bench.parts import Observed
from perflab.modelling.latency import QUANTILES, SHOWN
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.async_io.calibration import USER_STEPS
from perflab.patterns.async_io.costs import AsyncIOCosts, MeasuredPoint
from perflab.patterns.async_io.load_tests.load_test import read_load_test
from perflab.patterns.async_io.settings import AsyncIORunSettings

_LONGEST_NAME = 28
_TRUSTED = 2


def observed_points(settings: AsyncIORunSettings, costs: Costs) -> Observed | None:
    """Return throughput, latency and share of errors by requests in flight, where comparable.

    They were measured in a closed loop that nothing held back, so there are none for any other.

    Raises:
        BadInputError: If the results of a load test cannot be read.
    """
    free = settings.rate_limit is None and settings.max_per_host is None
    if not free or settings.load_model != "closed" or settings.limit_mode != "fixed":
        return None
    if settings.measured is not None:
        test = read_load_test(settings.measured)
        points = [(place, level.point()) for place, level in test.measured()]
        source = f"{test.tool}: {_shortened(test.name)}"
    elif settings.urls is not None and (known := AsyncIOCosts.of(costs).points) is not None:
        points = list(known)
        source = "measured by the calibration"
    else:
        return None
    most = AsyncIORunSettings.infos()["max_concurrent"].high or math.inf
    points = [(place, point) for place, point in points if place <= most]
    return Observed(
        source=source,
        along="max_concurrent",
        places=tuple(place for place, _ in points),
        metrics=tuple(_metrics(point) for _, point in points),
    )


def known_up_to(settings: AsyncIORunSettings) -> float:
    """Return how many requests in flight a model can be asked about.

    A law is trusted up to twice of what was measured; perflab's own server is known whole.

    Raises:
        BadInputError: If the results of a load test cannot be read.
    """
    if settings.measured is not None:
        places = [place for place, _ in read_load_test(settings.measured).measured()]
        return _TRUSTED * max(places, default=1.0)
    return math.inf if settings.urls is None else _TRUSTED * USER_STEPS[-1]


def _metrics(point: MeasuredPoint) -> Metrics:
    found = np.interp(tuple(SHOWN.values()), QUANTILES, point.latency.quantiles)
    return {
        "throughput_per_second": point.throughput,
        "latency_seconds_mean": point.latency.mean,
        **{
            f"latency_seconds_{name}": float(value)
            for name, value in zip(SHOWN, found, strict=True)
        },
        "error_share": point.error_share,
    }


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[: half - 1]}…{name[-half:]}"
