"""Whether many requests in flight would help, and how many to begin with."""

from __future__ import annotations

import math

from perflab.bench.advising import Advising, Evidence, Opinion
from perflab.units import counted, grouped, in_words, times

_IN_FLIGHT = 20
_MOST_IN_FLIGHT = 512
_FEW = 10
_ROOM = 1.25
_BUSY = 1.0


def _judge(evidence: Evidence) -> Opinion:
    source = evidence.word("source")
    if not source:
        return Opinion(
            verdict="unknown",
            reason="Whether the requests go to an HTTP server decides, and it is not known.",
            missing=("source",),
        )
    if source != "http":
        return Opinion(verdict="no", reason=f"The source is a {source}: 0 requests go over HTTP.")
    count, seconds = evidence.number("count"), evidence.number("source_seconds")
    rate = evidence.number("rate")
    if count is not None:
        return _of_a_job(evidence, count, seconds)
    if rate is None or seconds is None:
        return Opinion(
            verdict="maybe",
            reason="How many are in flight at once decides: the rate times the time of an answer.",
            missing=tuple(k for k in ("count", "source_seconds") if evidence.number(k) is None),
            weight=0.1,
        )
    busy = rate * seconds
    text = f"At {in_words(rate, '1/s')} and {in_words(seconds, 'seconds')} each, "
    reason = f"{text}{in_words(busy)} requests are in flight on average."
    if busy < _BUSY:
        return Opinion(
            verdict="no", reason=f"{reason[:-1]}, so one after another is enough.", weight=busy
        )
    peak = evidence.number("concurrency_peak") or busy
    against = [_OTHERS]
    if busy > _MOST_IN_FLIGHT:
        served = in_words(_MOST_IN_FLIGHT / seconds, "1/s")
        against.append(
            f"{counted(_MOST_IN_FLIGHT, 'request')} in flight bring {served} at most: it takes "
            "more processes than one."
        )
    return Opinion(
        verdict="yes",
        reason=reason,
        weight=1 - 1 / (1 + busy),
        against=tuple(against),
        settings={"max_concurrent": _in_flight(max(busy * _ROOM, peak))},
    )


def _of_a_job(evidence: Evidence, count: float, seconds: float | None) -> Opinion:
    """Return the opinion on a job that fetches a number of URLs."""
    urls = counted(count, "URL")
    hosts = evidence.number("hosts")
    of = f" of {counted(hosts, 'host')}" if hosts else ""
    if count < _FEW:
        return Opinion(verdict="no", reason=f"{urls}{of} are too few to need requests at once.")
    alone = "" if seconds is None else in_words(count * seconds, "seconds")
    many = min(_IN_FLIGHT, math.ceil(count))
    text = f"{urls}{of} one after another wait {grouped(count)} times for a server"
    if seconds is not None:
        at_once = in_words(count * seconds / many, "seconds")
        text = f"{urls}{of} take {alone} one after another, and {at_once} with {many} in flight"
        text += f" ({times(many)} as fast) if the server keeps up"
    repeats = evidence.number("repeats")
    against = [_OTHERS]
    if repeats:
        same = round(count * repeats)
        against.append(f"{counted(same, 'URL')} of them repeat: fetch each once.")
    if hosts == 1:
        against.append("All of them go to 1 host, whose limit is the limit of the job.")
    settings: dict[str, object] = {"max_concurrent": many}
    if evidence.source:
        settings["urls"] = evidence.source
    return Opinion(
        verdict="yes",
        reason=f"{text}.",
        weight=1 - 1 / many,
        against=tuple(against),
        missing=() if seconds is not None else ("source_seconds",),
        settings=settings,
        spec="",
    )


_OTHERS = "Others use that server too: past its own limit, more in flight only wait longer."


def _in_flight(needed: float) -> int:
    return max(2, min(_MOST_IN_FLIGHT, math.ceil(needed)))


ADVICE = Advising(
    symptom="Thousands of requests go to a server that others use too",
    judge=_judge,
    notebook="07_async_io",
)
