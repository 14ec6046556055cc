"""Whether a connection pool would help, and with how many connections."""

from __future__ import annotations

from perflab.bench.advising import Advising, Evidence, Opinion, VerdictWord
from perflab.units import counted, digits, in_words, percent

_CONNECT_SECONDS = 2e-3
"""What a connection to a PostgreSQL nearby takes, about; over TLS or a network it is more."""
_WORTH = 0.02
_FEW = 1e-3
_REQUESTS = 20_000
_SEED = 1


def _judge(evidence: Evidence) -> Opinion:
    source = evidence.word("source")
    if not source:
        return Opinion(
            verdict="unknown",
            reason="Whether the requests go to a database decides, and it is not known.",
            missing=("source",),
        )
    if source != "database":
        other = f"The source is {_named(source)}, not a database"
        return Opinion(verdict="no", reason=f"{other}: there are 0 connections to keep.")
    rate, service = evidence.number("rate"), evidence.number("source_seconds")
    if rate is None or service is None:
        return Opinion(
            verdict="maybe",
            reason="Each request that opens a connection waits about "
            f"{in_words(_CONNECT_SECONDS, 'seconds')} for it; how many are needed is the rate "
            "times the time of a query.",
            missing=tuple(k for k in ("rate", "source_seconds") if evidence.number(k) is None),
            weight=_WORTH,
        )
    busy, spent = rate * service, rate * _CONNECT_SECONDS
    share = _CONNECT_SECONDS / (_CONNECT_SECONDS + service) if service else 1.0
    at_once = f"{in_words(busy)} queries run at once on average"
    connect = f"connecting for each adds about {in_words(_CONNECT_SECONDS, 'seconds')}"
    to = f"{connect} to {in_words(service, 'seconds')}"
    peak = _peak(evidence)
    verdict: VerdictWord = "yes" if busy >= 1 or (share >= _WORTH and spent >= _WORTH) else "maybe"
    if spent < _FEW and peak < 2:
        verdict = "no"
    most = f", {counted(peak, 'query')} at most" if peak else ""
    reason = f"At {in_words(rate, '1/s')}, {at_once}{most}, and {to}."
    if verdict == "no":
        reason = f"At {in_words(rate, '1/s')} connecting takes {percent(spent)} of the time."
    workload, spec, assumption = _load(evidence, rate, service)
    return Opinion(
        verdict=verdict,
        reason=reason,
        weight=min(1.0, max(share, spent)),
        against=tuple(_against(evidence)),
        missing=() if evidence.number("processes") is not None else ("processes",),
        settings=_rate(evidence, rate),
        workload=None if verdict == "no" else workload,
        spec=spec,
        assumption=assumption,
    )


def _named(source: str) -> str:
    return {"http": "an HTTP server", "file": "a file"}.get(source, f"a {source}")


def _peak(evidence: Evidence) -> float:
    return evidence.number("concurrency_peak") or 0.0


def _against(evidence: Evidence) -> list[str]:
    processes = evidence.number("processes")
    said = []
    if processes is not None and processes > 1:
        each = counted(processes, "process")
        said.append(
            f"The size is for all together: each of the {each} has a pool of its own, so divide it."
        )
    if evidence.arrivals is None:
        said.append("Bursts need more connections than arrivals that are spread at random.")
        said.append("A run takes a query of perflab's own; yours is named by the setting query.")
    return said


def _rate(evidence: Evidence, rate: float) -> dict[str, object]:
    """Return the rate that was answered where a file has one of its own."""
    answered = "rate" in evidence.answered and evidence.arrivals is not None
    return {"request_rate": rate} if answered else {}


def _load(evidence: Evidence, rate: float, service: float) -> tuple[object, str | None, str]:
    """Return arrivals with durations, their name where one makes them, and what is assumed.

    Without a file both are random: Poisson arrivals, exponential times.
    """
    known = evidence.arrivals
    if known is not None and known.durations is not None:
        return known, None, ""
    if service <= 0 or rate <= 0:
        return None, None, ""
    import numpy as np

    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.registry.arrivals import load_arrivals

    spec = f"poisson:rate={digits(rate)},requests={_REQUESTS},seed={_SEED}"
    base = load_arrivals(spec) if known is None else known
    durations = np.random.default_rng(_SEED).exponential(service, len(base))
    made = Arrivals(base.name, base.times, durations)
    mean = f"random query times with a mean of {in_words(service, 'seconds')}"
    if known is not None:
        return made, None, f"assumed are {mean}"
    return made, spec, f"assumed are random arrivals and {mean}"


ADVICE = Advising(
    symptom="Requests queue for the database, or it is slow with many at once",
    judge=_judge,
    notebook="04_connection_pool",
)
