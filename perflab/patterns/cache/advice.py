"""Whether a cache in the process would help, and with which first settings."""

from __future__ import annotations

from perflab.bench.advising import (
    ALL_WRITE,
    LITTLE,
    Advising,
    Evidence,
    Opinion,
    all_write,
    degree,
    too_few,
)
from perflab.units import counted, format_quantity, in_words, percent

_HIT_SECONDS = 1e-6
"""What a hit takes at most; a source that is as fast needs no cache."""
_SCANS = 0.2
_MANY_WRITES = 0.5
_IDLE = 0.01


def _judge(evidence: Evidence) -> Opinion:
    repeats = evidence.number("repeats")
    if repeats is None:
        return Opinion(
            verdict="unknown",
            reason="The share of requests that repeat decides, and it is not known.",
            missing=("repeats", "keys"),
        )
    if all_write(evidence):
        return Opinion(verdict="no", reason=ALL_WRITE)
    if repeats < LITTLE:
        return Opinion(verdict="no", reason=too_few(repeats), weight=repeats)
    said = f"{percent(repeats)} of the requests ask for something requested before"
    memory, size = evidence.number("memory"), evidence.number("value_bytes")
    if memory is not None and size is not None and memory < size:
        sizes = f"{in_words(size, 'bytes')}, more than the {in_words(memory, 'bytes')} there are"
        return Opinion(verdict="no", reason=f"One answer takes {sizes}.")
    source = evidence.number("source_seconds")
    if source is not None and source < 2 * _HIT_SECONDS:
        fast = f"{in_words(source, 'seconds')} a call, the source is as fast as a hit"
        return Opinion(verdict="no", reason=f"At {fast}, although {said}.")
    cost = "" if source is None else f", each of which costs the source {_time(source)}"
    return Opinion(
        verdict=degree(repeats),
        reason=f"{said[0].upper()}{said[1:]}{cost}; a cache answers those that it still holds.",
        weight=repeats,
        against=tuple(_against(evidence)),
        missing=() if source is not None else ("source_seconds",),
        settings={} if evidence.trace is not None else _settings(evidence),
        workload=evidence.trace,
        choices=_policies(evidence),
        limits=_limits(evidence),
    )


def _time(seconds: float) -> str:
    return f"{in_words(seconds, 'seconds')} on average"


def _against(evidence: Evidence) -> list[str]:
    said = []
    processes = evidence.number("processes")
    if processes is not None and processes > 1:
        each = counted(processes, "process")
        said.append(f"Each of the {each} fills a cache of its own, and misses once per process.")
    writes = evidence.number("writes")
    if writes:
        often = "often " if writes >= _MANY_WRITES else ""
        share = f"{percent(writes)} of the requests change or remove data"
        said.append(f"{share}, so entries are {often}removed or stale.")
    scan = evidence.number("scan_share")
    if scan is not None and scan >= _SCANS:
        share = f"{percent(scan)} of the requests are for a key that comes once"
        said.append(f"{share}: they push out others unless the policy resists scans.")
    rate, source = evidence.number("rate"), evidence.number("source_seconds")
    if rate is not None and source is not None and rate * source < _IDLE:
        busy = f"At {in_words(rate, '1/s')} the source is busy {percent(rate * source)} of the time"
        said.append(f"{busy}: a cache shortens the wait, and saves little load.")
    memory, needed = evidence.number("memory"), evidence.number("working_set_bytes")
    if memory is not None and needed is not None and needed > memory:
        sizes = f"{in_words(needed, 'bytes')} of {in_words(memory, 'bytes')}"
        said.append(f"The working set needs {sizes} of memory, so a part of it must do.")
    return said


def _policies(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Return the policies worth a try: those that resist scans where there are some."""
    scan = evidence.number("scan_share")
    return {"policy": ("lru", "sieve", "s3fifo")} if scan is not None and scan >= _SCANS else {}


def _limits(evidence: Evidence) -> tuple[str, ...]:
    memory = evidence.number("memory")
    return () if memory is None else (f"memory_bytes<={format_quantity(memory, 'bytes')}",)


def _settings(evidence: Evidence) -> dict[str, object]:
    """Return all that is requested where it fits into memory, else as much as fits."""
    keys, size = evidence.number("keys"), evidence.number("value_bytes")
    memory = evidence.number("memory")
    if keys is None:
        return {}
    if memory is None or size is None or keys * size <= memory or size == 0:
        return {"max_cache_size": max(1, round(keys))}
    return {"max_cache_size": max(1, int(memory // size))}


ADVICE = Advising(
    symptom="The same expensive answer is computed again and again",
    judge=_judge,
    notebook="01_cache",
)
