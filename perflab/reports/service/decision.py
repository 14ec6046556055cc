"""Whether a service is ready, by one rule.

1. **Do not ship** where the database allows fewer connections than the pools may open, at the
   autoscaler's most and in a deploy included, where a stage does not keep up, where requests fail
   on a calm day, or where a scenario is not survived.
2. **Needs a look** where none of these holds, but no run of the service was measured, requests
   failed in one, or the refitted prediction is far from what it measured.
3. **Ship** where neither holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perflab.reports.decision import Decision
from perflab.reports.service.kinds import ServiceResult, of_kind
from perflab.reports.service.outcomes import outcomes_of
from perflab.reports.trust import Check
from perflab.reports.wording import listed, sentence
from perflab.service.fleet import Fleet
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.units import counted, grouped, percent

RULE = (
    "Do not ship: the pools may open more connections than the database allows, at the "
    "autoscaler's most and in a deploy included, no pools carry the load there, a stage does not "
    "keep up, requests fail on a calm day, or a scenario is not survived. Needs a look: no run of "
    "the service was measured, requests failed in one, or the refitted prediction is far from what "
    "it measured. Ship: none of these."
)
"""What `service_decision` goes by, for readers."""

_BANDS = {"database_per_second": 0.1, "latency_seconds_p95": 0.3}
"""So far, as a share, a run may be from its refitted prediction."""
_NAMES = {"database_per_second": "load on the database", "latency_seconds_p95": "p95 latency"}


def service_decision(results: Sequence[ServiceResult]) -> Decision:
    """Return the answer that the rule of this module gives."""
    against, doubts = tuple(_against(results)), tuple(_doubts(results))
    checks = tuple(Check(ok=False, text=text) for text in (*against, *doubts))
    checks += tuple(Check(ok=True, text=text) for text in _for(results))
    if against:
        return Decision("do not ship", against, (), checks)
    return Decision("needs a look" if doubts else "ship", doubts, (), checks)


def _against(results: Sequence[ServiceResult]) -> Iterator[str]:
    for prediction in of_kind(results, ServicePrediction):
        yield from (sentence(text) for text in prediction.warnings)
        lost = int(prediction.metrics.get("errors", 0))
        if lost:
            text = f"{counted(lost, 'request')} would fail on a calm day"
            yield f"{text}{_where(prediction, lost)}."
    for fleet in of_kind(results, Fleet):
        if fleet.is_overloaded:
            yield sentence(fleet.reason)
        yield from (sentence(text) for text in fleet.warnings)
    for title, outcome, _ in outcomes_of(results):
        if not outcome.survived:
            yield f"{title}: {outcome.verdict}"


def _where(prediction: ServicePrediction, lost: int) -> str:
    """Return at which stages requests fail; nothing where stages do not tell, as behind retries."""
    found = {row.title: int(row.metrics.get("errors", 0)) for row in prediction.stages}
    found = {title: count for title, count in found.items() if count}
    if sum(found.values()) != lost:
        return ""
    if len(found) == 1:
        return f", at the stage {next(iter(found))}"
    return ": " + listed(f"{grouped(count)} at the stage {title}" for title, count in found.items())


def _doubts(results: Sequence[ServiceResult]) -> Iterator[str]:
    runs = of_kind(results, ServiceRun)
    if not runs:
        yield "No run of the whole service was measured: all of this is predicted."
    for run in runs:
        lost = int(run.metrics.get("errors", 0))
        if lost:
            yield f"{counted(lost, 'request')} failed in the run."
        for name, band in _BANDS.items():
            real, fitted = run.metrics.get(name), run.fitted.get(name)
            if real and fitted is not None and abs(fitted / real - 1) > band:
                off = percent(abs(fitted / real - 1))
                yield f"The refitted {_NAMES[name]} of the run is {off} off: the model is off."


def _for(results: Sequence[ServiceResult]) -> Iterator[str]:
    for title, outcome, _ in outcomes_of(results):
        if outcome.survived:
            yield f"{title}: {outcome.verdict}"
    for run in of_kind(results, ServiceRun):
        requests = counted(int(run.metrics["requests"]), "request")
        yield f"{requests} were measured on {', '.join(run.servers.values()) or 'this machine'}."
