"""`Check`: what speaks for believing a report's answer, and what against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from perflab.bench import AnyBench
from perflab.lab.history_in_words import not_compared
from perflab.lab.run import Run
from perflab.lab.which_is_off import which_is_off_in
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.wording import sentence
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import counted, percent

FEWEST_REQUESTS = 100
"""Fewer say nothing of percentiles, and little of a mean."""
_FAILED = ("errors", "timeouts")
_MODEL_IS_OFF = "the model is off"
"""What `which_is_off_in` says then, whatever else."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One reason to believe the answer, or not to.

    Attributes:
        ok: Whether it speaks for it.
        text: It, in a sentence.
    """

    ok: bool
    text: str


def checks_of(scope: ReportScope, results: Sequence[AnyResult]) -> tuple[Check, ...]:
    """Return what was looked at, those that speak against the answer first."""
    found = [*_of_measurement(scope), *_of_results(results)]
    return tuple(sorted(found, key=lambda check: check.ok))


def run_to_ship(scope: ReportScope, results: Sequence[AnyResult]) -> Run | None:
    """Return the run that measured the settings that a report is about, if one did."""
    if scope.recommendation is not None:
        return scope.measured
    runs = [result for result in results if isinstance(result, Run)]
    return runs[-1] if runs else None


def _of_measurement(scope: ReportScope) -> Iterator[Check]:
    found = scope.recommendation
    if scope.basis == "measured":
        yield Check(ok=True, text="The settings were measured live.")
        if scope.other_load:
            yield Check(ok=False, text=sentence(scope.other_load))
        if scope.is_noise:
            yield Check(ok=False, text="The difference is within noise: run for longer.")
        return
    measured = scope.measured.metrics if scope.measured is not None else {}
    if found is not None:
        measured = measured or found.measured
    if not measured:
        text = "Nothing was measured: run these settings live."
        if scope.other_load:
            text = sentence(f"{scope.other_load}: run these settings live under that load")
        yield Check(ok=False, text=text)
        return
    yield Check(ok=True, text="The settings were measured live.")
    if found is not None and found.turns is not None:
        yield from _of_turns(found)


def _of_turns(found: Recommendation) -> Iterator[Check]:
    """Say whether running in turns confirmed the settings to ship."""
    taken = found.turns
    assert taken is not None and taken["contenders"]  # noqa: S101, PT018 - as the caller saw
    first = taken["contenders"][0]["name"]
    if taken["shipped"] != first:
        text = f"Run in turns, {taken['shipped']} did better: {sentence(taken['outcome'])}"
        yield Check(ok=False, text=text)
    elif taken["ended"] != "decided":
        yield Check(ok=False, text="Running in turns ended before it was decided.")


def _of_results(results: Sequence[AnyResult]) -> Iterator[Check]:
    for number, run in enumerate(runs := [r for r in results if isinstance(r, Run)], 1):
        of = f" (run {number})" if len(runs) > 1 else ""
        yield from (
            Check(ok=False, text=sentence(f"the run is doubtful{of}: {d}")) for d in run.doubts
        )
        yield from _of_requests(run, of)
    named = {result.workload.get("fingerprint") for result in results if result.workload}
    if len(named) > 1:
        yield Check(ok=False, text="The results are of different workloads.")
    swept = [each for each in results if isinstance(each, Predictions)]
    shares = [point.get("sampled") or 1.0 for each in swept for point in each.points]
    if shares and min(shares) < 1 and len(swept) == len(results):
        text = f"The predictions are from {percent(min(shares))} of the keys."
        yield Check(ok=False, text=text)


def _of_requests(run: Run, of: str) -> Iterator[Check]:
    requests = run.metrics.get("requests")
    if requests is not None and requests < FEWEST_REQUESTS:
        text = f"only {counted(requests, 'request')} were measured{of}"
        yield Check(ok=False, text=sentence(text))
    failed = {name: run.metrics.get(name) or 0.0 for name in _FAILED}
    most = max(failed.values())
    if most > 0:
        share = f" ({percent(most / requests)})" if requests else ""
        text = f"{counted(most, 'request')} failed or timed out{share}{of}"
        yield Check(ok=False, text=sentence(text))


def model_checks(bench: AnyBench, run: Run | None) -> tuple[Check, ...]:
    """Say whether the model holds for a run, by the prediction from the run's own times.

    The prediction from the calibration may be off since the machine was another then; that is
    told elsewhere, and does not make what was measured doubtful.
    """
    if run is None or not run.fitted:
        return ()
    event = not_compared(bench, run.changes)
    if event:
        return (Check(ok=False, text=sentence(f"predictions were {event}")),)
    said = which_is_off_in(run, bench)
    if _MODEL_IS_OFF in said.lower():
        return (Check(ok=False, text=said),)
    return (Check(ok=True, text=said),) if said else ()
