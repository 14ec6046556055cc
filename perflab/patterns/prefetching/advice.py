"""Whether fetching ahead would help, and with how many workers."""

from __future__ import annotations

import math

from perflab.bench.advising import LITTLE, Advising, Evidence, Opinion, degree
from perflab.units import in_words, percent

_MOST_WORKERS = 16


def _judge(evidence: Evidence) -> Opinion:
    fetch, work = evidence.number("source_seconds"), evidence.number("work_seconds")
    if work is None or fetch is None:
        return Opinion(
            verdict="unknown",
            reason="The time to fetch an item against the work on it decides, and it is not known.",
            missing=tuple(
                key for key in ("source_seconds", "work_seconds") if evidence.number(key) is None
            ),
        )
    total = fetch + work
    workers = _workers(fetch, work)
    ahead = max(fetch / workers, work)
    saved = 1 - ahead / total if total else 0.0
    each = f"Of {in_words(total, 'seconds')} per item, {in_words(fetch, 'seconds')} go into waiting"
    if saved < LITTLE:
        return Opinion(verdict="no", reason=f"{each}; fetching ahead saves {percent(saved)}.")
    by = "1 worker" if workers == 1 else f"{workers} workers"
    return Opinion(
        verdict=degree(saved),
        reason=f"{each}; fetched ahead by {by}, an item takes {in_words(ahead, 'seconds')}, "
        f"{percent(saved)} less.",
        weight=saved,
        against=("It fetches items that are not used if a job ends early.", *_at_once(workers)),
        settings={"workers": workers, "consume_seconds": work},
        spec="",
    )


def _workers(fetch: float, work: float) -> int:
    """Return as many as keep up with the work on items."""
    if work <= 0:
        return _MOST_WORKERS if fetch > 0 else 1
    return max(1, min(_MOST_WORKERS, math.ceil(fetch / work)))


def _at_once(workers: int) -> tuple[str, ...]:
    return () if workers == 1 else (f"The source must answer {workers} fetches at once as fast.",)


ADVICE = Advising(
    symptom="A worker waits while the next batch is fetched",
    judge=_judge,
    notebook="05_prefetching",
)
