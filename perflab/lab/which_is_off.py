"""Where a run is not as predicted: whether the model is off, or the machine was another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from perflab.bench.base import AnyBench
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.run import Run
from perflab.units import times

MOST_POINTS = 0.02
MOST_SHARE = 0.10
"""So far may a measured value be from its prediction, as a ratio or as a share of it."""

# What tells the machine's speed by itself, before what also has waiting in it.
_TIMES = (
    "service_seconds_mean",
    "fetch_seconds_mean",
    "latency_seconds_mean",
    "latency_seconds_p50",
)
_RATE = "throughput_per_second"
_RATIOS = ("hit_rate", "byte_hit_rate", "server_hit_rate", "stall_fraction", "utilisation")
_JUDGED = (*_RATIOS, *_TIMES[:-1], "wait_seconds_mean", _RATE)
_SLOWER = 1.1
# A wait that hardly adds to the latency may be off by a multiple without harm.
_FLOOR = 0.02


def which_is_off(
    bench: AnyBench,
    measured: Mapping[str, float],
    predicted: Mapping[str, float],
    refitted: Mapping[str, float],
    *,
    paced: bool = False,
) -> str:
    """Return in a sentence which of two it is; nothing where neither can be told.

    The prediction from the calibration is off where the machine (or the server behind) is not as
    it was then; the one from the run's own times is off where the model is.

    Args:
        bench: Whose metrics.
        measured: By metric, for some requests.
        predicted: The same from the calibration.
        refitted: The same from what the run itself measured.
        paced: Whether the user set the pace, so that the throughput tells nothing.
    """
    judged = {bench.tuning.objective.metric, *_JUDGED} - ({_RATE} if paced else set())
    infos = [metric(name) for name in bench.display.headline if name in judged]
    infos = [info for info in infos if known(info, predicted, refitted, measured)]
    if not infos:
        return ""
    wrong = [info.plain for info in infos if is_off(info, refitted, measured)]
    early = [info.plain for info in infos if is_off(info, predicted, measured)]
    factor = slower(predicted, refitted, paced=paced)
    said = []
    if early and factor is not None and not 1 / _SLOWER <= factor <= _SLOWER:
        factor, word = (factor, "slower") if factor > 1 else (1 / factor, "faster")
        said.append(
            f"the machine, or the server behind, was {times(factor)} {word} than when it was "
            "calibrated"
        )
    if wrong:
        said.append(f"the model is off for {_listed(wrong)}, even with the run's own times")
    elif said:
        said.append("the model is right: measure again for predictions that fit")
    elif early:
        said.append(
            f"the model is right; the calibration does not fit this load ({_listed(early)})"
        )
    else:
        names = _listed([info.plain for info in infos])
        said.append(f"both predictions hold, within 10 % or 2 points, for {names}")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def which_is_off_in(run: Run, bench: AnyBench) -> str:
    """Return `which_is_off` of a run that is over, since its last change of settings."""
    paced = any(run.settings.get(key) is not None for key in ("request_rate", "speedup"))
    measured = run.since_change or run.metrics
    return which_is_off(bench, measured, run.predicted, run.fitted, paced=paced)


def known(info: MetricInfo, *values: Mapping[str, float]) -> bool:
    """Say whether a metric is a number in all of several."""
    found = [each.get(info.name) for each in values]
    return all(value is not None and math.isfinite(value) for value in found)


def is_off(info: MetricInfo, predicted: Mapping[str, float], measured: Mapping[str, float]) -> bool:
    """Say whether a metric is farther from its prediction than a good model is."""
    model, real = predicted[info.name], measured[info.name]
    if info.unit == "ratio":
        return abs(real - model) > MOST_POINTS
    if info.unit == "seconds":
        floor = _FLOOR * measured.get("latency_seconds_mean", 0.0)
        if abs(real - model) <= floor:
            return False
    return abs(real / model - 1) > MOST_SHARE if model else bool(real)


def slower(
    predicted: Mapping[str, float], refitted: Mapping[str, float], *, paced: bool = False
) -> float | None:
    """Return how many times longer things took than when the machine was calibrated.

    Args:
        predicted: From the calibration.
        refitted: From the run's own times, by the same model: what differs are the times.
        paced: Whether the user set the pace, so that the throughput tells nothing.
    """
    for name in _TIMES:
        before, now = predicted.get(name), refitted.get(name)
        if before and now and before > 0 and now > 0:
            return now / before
    before, now = predicted.get(_RATE), refitted.get(_RATE)
    return before / now if before and now and not paced else None


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
