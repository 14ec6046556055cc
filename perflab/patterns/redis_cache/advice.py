"""Whether a cache in Redis would help, and with which first settings."""

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

_HIT_SECONDS = 1e-4
"""What a round trip to a Redis on the same machine takes, about."""
_HOUR = 3600.0


def _judge(evidence: Evidence) -> Opinion:
    repeats, processes = evidence.number("repeats"), evidence.number("processes")
    if repeats is None:
        return Opinion(
            verdict="unknown",
            reason="The share of requests that repeat decides, and it is not known.",
            missing=("repeats", "processes"),
        )
    if all_write(evidence):
        return Opinion(verdict="no", reason=ALL_WRITE)
    if repeats < LITTLE:
        return Opinion(verdict="no", reason=too_few(repeats))
    memory = evidence.number("memory")
    if memory is not None and memory < _SERVER:
        sizes = f"{in_words(_SERVER, 'bytes')}, more than the {in_words(memory, 'bytes')} there are"
        return Opinion(verdict="no", reason=f"An empty server takes about {sizes}.")
    source = evidence.number("source_seconds")
    if source is not None and source < 2 * _HIT_SECONDS:
        trip = f"a round trip to Redis takes about {in_words(_HIT_SECONDS, 'seconds')}"
        call = f"a call of the source {in_words(source, 'seconds')}"
        return Opinion(verdict="no", reason=f"A hit saves little: {trip}, and {call}.")
    verdict, reason = degree(repeats), ""
    if processes is None:
        verdict = "maybe"
        reason = "It pays where several processes share its entries, or restarts must not lose"
        reason = f"{reason} them; {percent(repeats)} of the requests repeat."
    elif processes < 2:
        verdict = "maybe"
        reason = "With 1 process, a cache inside it answers a hit without a round trip of about"
        reason = f"{reason} {in_words(_HIT_SECONDS, 'seconds')}; only restarts speak for Redis."
    else:
        shared = f"{counted(processes, 'process')} share its entries"
        reason = f"{shared}, and {percent(repeats)} of their requests repeat."
    return Opinion(
        verdict=verdict,
        reason=reason,
        weight=repeats if processes is None else repeats * (1.1 if processes > 1 else 0.5),
        against=tuple(_against(evidence)),
        missing=tuple(
            key for key in ("processes", "source_seconds") if evidence.number(key) is None
        ),
        settings=_settings(evidence),
        workload=evidence.trace,
        limits=_limits(evidence),
    )


def _against(evidence: Evidence) -> list[str]:
    trip = in_words(_HIT_SECONDS, "seconds")
    said = [f"Each hit is a round trip of about {trip}, and the server is one more to run."]
    interval = evidence.number("reuse_interval_seconds_p90")
    if interval is not None and interval > _HOUR:
        spread = f"A tenth of the repeats come more than {in_words(interval, 'seconds')} later"
        said.append(f"{spread}, which the usual TTL of 1 h would lose.")
    writes = evidence.number("writes")
    if writes:
        said.append(
            f"{percent(writes)} of the requests change or remove data, so entries go stale."
        )
    return said


def _settings(evidence: Evidence) -> dict[str, object]:
    """Return a TTL that does not lose most repeats, and memory for all keys where that is known."""
    found: dict[str, object] = {}
    interval = evidence.number("reuse_interval_seconds_p90")
    if interval is not None and interval > _HOUR:
        found["ttl_seconds"] = None
    keys, size = evidence.number("keys"), evidence.number("value_bytes")
    memory = evidence.number("memory")
    if evidence.trace is None and keys is not None and size is not None:
        needed = max(_LEAST, keys * (size + _PER_ENTRY) * _ROOM)
        found["maxmemory"] = round(needed if memory is None else min(needed, memory))
    return found


_SERVER = 2**20
_LEAST = 4 * 2**20
_PER_ENTRY = 200.0
_ROOM = 1.2
"""A server takes a few MiB, about so many bytes per entry beside its value, and some room."""


def _limits(evidence: Evidence) -> tuple[str, ...]:
    memory = evidence.number("memory")
    return () if memory is None else (f"memory_bytes<={format_quantity(memory, 'bytes')}",)


ADVICE = Advising(
    symptom="Many processes compute the same answer, or it is lost with each restart",
    judge=_judge,
    notebook="02_redis_cache",
)
