"""Where a run is not as predicted: whether the model is off, or the machine was another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from perflab.bench.base import AnyBench
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.bands import MODEL, TAILS, TIMED_RATIOS, Bands
from perflab.lab.history_in_words import not_compared
from perflab.lab.run import Run
from perflab.units import counted, times

# What tells the machine's speed by itself, before what also has waiting in it.
_WORK = ("service_seconds_mean", "fetch_seconds_mean", "consume_seconds_mean")
_TIMES = (
    *_WORK,
    "latency_seconds_mean",
    "latency_seconds_p50",
)
_RATE = "throughput_per_second"
_RATIOS = (
    *("hit_rate", "byte_hit_rate", "backend_seconds_saved_share", "server_hit_rate"),
    *("stall_fraction", "utilisation"),
)
_JUDGED = (*_RATIOS, *_TIMES[:-1], "wait_seconds_mean", _RATE)
_SLOWER = 1.1
_FEW = 5


def which_is_off(
    bench: AnyBench,
    measured: Mapping[str, float],
    predicted: Mapping[str, float],
    refitted: Mapping[str, float],
    *,
    bands: Bands = MODEL,
    refit: Bands = MODEL,
    paced: bool = False,
    event: str = "",
) -> str:
    """Return in a sentence which of two it is; nothing where neither can be told.

    The prediction from the calibration is off where the machine (or the server behind) is not as
    it was then; the one from the run's own times is off where the model is.

    Args:
        bench: Whose metrics.
        measured: By metric, for some requests.
        predicted: The same from the calibration.
        refitted: The same from what the run itself measured.
        bands: How far the calibration may be off.
        refit: How far the prediction from the run's own times may be off.
        paced: Whether the user set the pace, so that the throughput tells nothing.
        event: Why nothing is compared, as `not_compared` says; empty where it is.
    """
    unfit = event or _too_few(measured)
    if unfit:
        return f"{unfit[0].upper()}{unfit[1:]}."
    judged = {bench.tuning.objective.metric, *_JUDGED} - ({_RATE} if paced else set())
    infos = [metric(name) for name in bench.display.headline if name in judged]
    infos = [info for info in infos if known(info, predicted, refitted, measured)]
    if not infos:
        return ""
    wrong = [info.plain for info in infos if refit.is_off(info, refitted, measured)]
    early = [info.plain for info in infos if bands.is_off(info, predicted, measured)]
    factor = slower(predicted, refitted, paced=paced)
    said = []
    unknown = [info for info in infos if bands.half_width(info, predicted) is None]
    if early and not unknown and factor is not None and not 1 / _SLOWER <= factor <= _SLOWER:
        factor, word = (factor, "slower") if factor > 1 else (1 / factor, "faster")
        said.append(
            f"the machine, or the server behind, was {times(factor)} {word} than when it was "
            "calibrated"
        )
    sizes = [metric(name) for name in bench.display.headline if name not in judged]
    for info in filter(_is_untimed, sizes):
        if known(info, predicted, refitted, measured) and bands.is_off(info, predicted, measured):
            still = refit.is_off(info, refitted, measured)
            (wrong if still else early).append(info.plain)
    if wrong:
        said.append(f"the model is off for {_listed(wrong)}, even with the run's own times")
    elif said:
        said.append("the model is right: measure again for predictions that fit")
    elif early:
        said.append(
            f"the model is right; the calibration does not fit this load ({_listed(early)})"
        )
    elif unknown:
        names = _listed([info.plain for info in unknown])
        said.append(f"the model is right; the times behind {names} were not measured before")
    else:
        names = _listed([info.plain for info in infos])
        said.append(f"both predictions hold, within their bands, for {names}")
        said += _of_the_tail(bench, measured, predicted, bands)
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _too_few(measured: Mapping[str, float]) -> str:
    """Return that there were too few requests to judge by, if so."""
    requests = measured.get("requests")
    if requests is None or requests >= _FEW:
        return ""
    return f"{counted(requests, 'request')}: too few to tell whether a prediction holds"


def _is_untimed(info: MetricInfo) -> bool:
    """Say whether no time is part of a metric, so that no machine's speed explains it."""
    return info.unit not in ("seconds", "1/s") and info.name not in TIMED_RATIOS


def _of_the_tail(
    bench: AnyBench, measured: Mapping[str, float], predicted: Mapping[str, float], bands: Bands
) -> list[str]:
    """Return that the tail is off where the mean is not, if so."""
    tails = [metric(name) for name in bench.display.headline if name.endswith(TAILS)]
    off = [
        info.plain
        for info in tails
        if known(info, predicted, measured) and bands.is_off(info, predicted, measured)
    ]
    if not off:
        return []
    verb = "is" if len(off) == 1 else "are"
    why = "other programs stopped this run for moments, or did so while it was calibrated"
    return [f"{_listed(off)} {verb} beyond: {why}"]


def which_is_off_in(run: Run, bench: AnyBench) -> str:
    """Return `which_is_off` of a run that is over, since its last change of settings."""
    paced = any(run.settings.get(key) is not None for key in ("request_rate", "speedup"))
    measured = run.since_change or run.metrics
    bands, event = Bands.of(run.calibration), not_compared(bench, run.changes)
    return which_is_off(
        bench, measured, run.predicted, run.fitted, bands=bands, paced=paced, event=event
    )


def known(info: MetricInfo, *values: Mapping[str, float]) -> bool:
    """Say whether a metric is a number in all of several."""
    found = [each.get(info.name) for each in values]
    return all(value is not None and math.isfinite(value) for value in found)


def slower(
    predicted: Mapping[str, float], refitted: Mapping[str, float], *, paced: bool = False
) -> float | None:
    """Return how many times longer things took than when the machine was calibrated.

    Where there is work of several kinds, it is that of the one that has changed most.

    Args:
        predicted: From the calibration.
        refitted: From the run's own times, by the same model: what differs are the times.
        paced: Whether the user set the pace, so that the throughput tells nothing.
    """
    factors = {}
    for name in _TIMES:
        before, now = predicted.get(name), refitted.get(name)
        if before and now and before > 0 and now > 0:
            factors[name] = now / before
    if work := [factors[name] for name in _WORK if name in factors]:
        return max(work, key=lambda factor: abs(math.log(factor)))
    if factors:
        return next(iter(factors.values()))
    before, now = predicted.get(_RATE), refitted.get(_RATE)
    return before / now if before and now and not paced else None


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
