"""What a load test or a calibration has measured of the user's server, beside the curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from perflab.bench.parts import Observed
from perflab.modelling.latency import QUANTILES
from perflab.modelling.prediction import Costs, Metrics
from perflab.patterns.async_io.calibration import USER_STEPS
from perflab.patterns.async_io.load_tests.load_test import read_load_test
from perflab.patterns.async_io.settings import AsyncIORunSettings

_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
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
    elif settings.urls is not None and "points" in costs:
        points = [(float(number), point) for number, point in costs["points"].items()]
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


def _metrics(point: Mapping[str, Any]) -> Metrics:
    latency = point["latency"]
    found = np.interp(tuple(_SHARES.values()), QUANTILES, latency["quantiles"])
    return {
        "throughput_per_second": float(point["throughput"]),
        "latency_seconds_mean": float(latency["mean"]),
        **{
            f"latency_seconds_{name}": float(value)
            for name, value in zip(_SHARES, found, strict=True)
        },
        "error_share": float(point["error_share"]),
    }


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[: half - 1]}…{name[-half:]}"
