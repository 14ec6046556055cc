"""Where a run is not as predicted: whether the model is off, or the machine was another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from perflab.bench.base import AnyBench
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.bands import MODEL, TAILS, Bands
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
_UNEXPLAINED = ("model", "beyond")
_SLOWER = 1.1
_FEW = 5

Verdict = Literal["holds", "calibration", "model", "unknown", "beyond"]
"""Of a prediction: within its band; beyond it, while the refitted one is not; both are beyond; its
times were never measured on this machine; or beyond, and nothing refitted tells why."""


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
    running: bool = False,
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
        running: Whether the run goes on, so that what its session tells at the end is missing.
    """
    unfit = event or _too_few(measured)
    if unfit:
        return f"{unfit[0].upper()}{unfit[1:]}."
    if not refitted:
        return ""
    infos = [metric(name) for name in bench.display.headline]
    verdicts = {
        info: found
        for info in infos
        if (found := verdict_on(info, measured, predicted, refitted, bands=bands, refit=refit))
    }
    names = {bench.tuning.objective.metric, *_JUDGED} - ({_RATE} if paced else set())
    judged = [info for info in verdicts if info.name in names]
    others = [info for info in verdicts if not info.name.endswith(TAILS)]
    if running and bench.live.told_at_end:
        so_far = [
            info.plain
            for info, verdict in verdicts.items()
            if verdict in _UNEXPLAINED and not info.name.endswith("_bytes")
        ]
        if so_far:
            return (
                f"So far {_listed(so_far)} {_are(so_far)} beyond the band; "
                "the times that tell why come when the run ends."
            )
    wrong = [info.plain for info in others if verdicts[info] == "model"]
    early = [info.plain for info in others if verdicts[info] == "calibration"]
    beyond = [info.plain for info in others if verdicts[info] == "beyond"]
    unknown = [info.plain for info in judged if verdicts[info] == "unknown"]
    if not judged and not wrong and not early and not beyond:
        return ""
    factor = slower(predicted, refitted, paced=paced)
    moved = any(verdicts[info] in ("model", "calibration") for info in judged)
    said = [_of_speed(factor)] if moved and not unknown and _is_another(factor) else []
    explained = bool(said)
    of_load = f"the calibration does not fit this load ({_listed(early)})" if early else ""
    if wrong:
        said += [of_load] if of_load and not said else []
        said.append(f"the model is off for {_listed(wrong)}, even with the run's own times")
    elif said:
        said.append("the model is right: measure again for predictions that fit")
    elif early:
        said.append(f"the model is right; {of_load}")
    elif unknown:
        said.append(
            f"the model is right; the times behind {_listed(unknown)} were not measured before"
        )
    else:
        held = _listed([info.plain for info in judged if verdicts[info] == "holds"])
        said += [f"the predictions hold, within their bands, for {held}"] if held else []
    said += [f"{_listed(beyond)} {_are(beyond)} beyond the band"] if beyond else []
    said += _of_the_tail(verdicts, another_speed=explained)
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def verdict_on(
    info: MetricInfo,
    measured: Mapping[str, float],
    predicted: Mapping[str, float],
    refitted: Mapping[str, float],
    *,
    bands: Bands = MODEL,
    refit: Bands = MODEL,
) -> Verdict | None:
    """Return how the prediction of a metric has fared, as tables mark it and sentences say it.

    Where the prediction from before holds, the refitted one is not judged: that one is there to
    tell why a prediction was off.

    Args:
        info: Which metric.
        measured: By metric.
        predicted: From the calibration.
        refitted: From the run's own times.
        bands: How far the calibration may be off.
        refit: How far the prediction from the run's own times may be off.

    Returns:
        None where it was not measured or not predicted, or has no refitted value to be told by.
    """
    if not known(info, predicted, measured):
        return None
    if not known(info, refitted):
        return "beyond" if bands.is_off(info, predicted, measured) else None
    beyond = refit.is_off(info, refitted, measured)
    if bands.half_width(info, predicted) is None:
        return "model" if beyond else "unknown"
    if not bands.is_off(info, predicted, measured):
        return "holds"
    return "model" if beyond else "calibration"


def _is_another(factor: float | None) -> bool:
    return factor is not None and not 1 / _SLOWER <= factor <= _SLOWER


def _of_speed(factor: float | None) -> str:
    """Return how many times slower or faster the machine was, as a part of a sentence."""
    assert factor is not None  # noqa: S101  (`_is_another` has looked)
    by, word = (factor, "slower") if factor > 1 else (1 / factor, "faster")
    return f"the machine, or the server behind, was {times(by)} {word} than when it was calibrated"


def _too_few(measured: Mapping[str, float]) -> str:
    """Return that there were too few requests to judge by, if so."""
    requests = measured.get("requests")
    if requests is None or requests >= _FEW:
        return ""
    return f"{counted(requests, 'request')}: too few to tell whether a prediction holds"


def _of_the_tail(verdicts: Mapping[MetricInfo, Verdict], *, another_speed: bool) -> list[str]:
    """Return which tails are beyond their bands, as one part of a sentence, if any are.

    Args:
        verdicts: By metric.
        another_speed: Whether the machine's speed explains those that the refitted prediction
            meets.
    """
    beyond = ("model", "beyond") if another_speed else ("model", "calibration", "beyond")
    off = [
        info.plain
        for info, verdict in verdicts.items()
        if info.name.endswith(TAILS) and verdict in beyond
    ]
    if not off:
        return []
    why = "other programs stopped this run for moments, or did so while it was calibrated"
    return [f"{_listed(off)} {_are(off)} beyond: {why}"]


def which_is_off_in(run: Run, bench: AnyBench) -> str:
    """Return `which_is_off` of a run that is over, since its last change of settings."""
    set_paces = (run.settings.get(key) for key in ("request_rate", "speedup"))
    paced = bench.live.follows_rate(run.settings) and any(each is not None for each in set_paces)
    measured = run.since_change or run.metrics
    bands, event = Bands.of_run(run), not_compared(bench, run.changes)
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


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
