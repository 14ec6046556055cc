"""A server watched after its parameters were set: hit rate, evictions, memory, latency."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import redis

from perflab.errors import BadInputError
from perflab.primitives.bounded_redis import Reply
from perflab.servers.redis.applying.parameters import Parameters

_LOOK_SECONDS = 0.2
_WINDOW_SECONDS = 1.0
_PINGS = 4
_SILENT_SECONDS = 1.5
_LATENCIES = {
    "latency_seconds_p50": 0.5,
    "latency_seconds_p95": 0.95,
    "latency_seconds_p99": 0.99,
}
WATCHED = (
    *("hit_rate", "hits", "misses", "evictions", "errors", "memory_bytes"),
    *("throughput_per_second", "latency_seconds_mean", *_LATENCIES),
)
"""What is measured: hit rate, throughput and latency (of PING) over the last second; hits, misses,
evictions and errors since the values were set; memory now."""


class Limit(Protocol):
    """A limit that a metric must keep.

    Attributes:
        text: As the user wrote it.
        metric: The metric's name.
        seconds: For how long it may be broken.
    """

    @property
    def text(self) -> str:
        """As the user wrote it."""

    @property
    def metric(self) -> str:
        """The metric's name."""

    @property
    def seconds(self) -> float:
        """For how long it may be broken."""

    def holds(self, value: float) -> bool:
        """Say whether a value keeps it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """A limit that was broken.

    Attributes:
        limit: The limit's text; empty where the server did not answer any more.
        metric: The metric's name.
        value: The metric's value; None where there is none.
        seconds: After how many of the watch.
    """

    limit: str
    metric: str
    value: float | None
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Watched:
    """The end of a watch.

    Attributes:
        broken: What ended it; None where all limits held.
        metrics: The last values.
        unmeasured: The limits whose metric had no value at any time.
    """

    broken: Broken | None
    metrics: Mapping[str, float]
    unmeasured: tuple[str, ...]


def watch(
    parameters: Parameters,
    limits: Sequence[Limit],
    seconds: float,
    report: Callable[[float, Mapping[str, float]], None] | None = None,
) -> Watched:
    """Look at a server five times per second, until a limit breaks or the time is over.

    While a limit does not hold at the end of the time, or the server is silent, it goes on until
    that is over too, or has lasted for too long.

    Args:
        parameters: The server.
        limits: What must hold.
        seconds: For how long.
        report: Called with the seconds since the start and the metrics, at each look.
    """
    began = answered = time.monotonic()
    meter = _Meter(parameters)
    broken: dict[str, tuple[float, float]] = {}
    measured: set[str] = set()
    metrics: dict[str, float] = {}
    silent = False
    while (elapsed := time.monotonic() - began) < seconds or broken or silent:
        try:
            metrics = meter.look()
            answered, silent = time.monotonic(), False
        except (redis.RedisError, BadInputError):
            if time.monotonic() - answered >= _SILENT_SECONDS:
                return Watched(Broken("", "", None, elapsed), metrics, ())
            silent = True
            time.sleep(_LOOK_SECONDS)
            continue
        if report is not None:
            report(elapsed, metrics)
        for limit in limits:
            value = metrics.get(limit.metric)
            if value is not None:
                measured.add(limit.text)
                since, _ = broken.pop(limit.text, (answered, value))
                if not limit.holds(value):
                    broken[limit.text] = since, value
            # Where it has no value any more, such as a hit rate without lookups, it stays broken.
            if limit.text not in broken:
                continue
            since, last = broken[limit.text]
            if answered - since >= limit.seconds:
                lasted = answered - began
                return Watched(Broken(limit.text, limit.metric, last, lasted), metrics, ())
        time.sleep(_LOOK_SECONDS if broken else max(0.0, min(_LOOK_SECONDS, seconds - elapsed)))
    never = tuple(limit.text for limit in limits if limit.text not in measured)
    return Watched(None, metrics, never)


class _Meter:
    """Metrics from the server's own counters, since the beginning and over the last second."""

    def __init__(self, parameters: Parameters) -> None:
        self._client = parameters.client
        self._first: dict[str, Reply] | None = None
        self._window: deque[tuple[float, dict[str, Reply]]] = deque()
        self._pings: deque[tuple[float, float]] = deque()

    def look(self) -> dict[str, float]:
        for _ in range(_PINGS):
            began = time.perf_counter()
            self._client.ping()
            self._pings.append((time.monotonic(), time.perf_counter() - began))
        info = self._client.info()
        now = time.monotonic()
        if self._first is None or _restarted(self._first, info):
            self._first = info
            self._window.clear()
        self._window.append((now, info))
        while len(self._window) > 2 and self._window[1][0] <= now - _WINDOW_SECONDS:
            self._window.popleft()
        # Those of this look stay, however long INFO took.
        while len(self._pings) > _PINGS and self._pings[0][0] < now - _WINDOW_SECONDS:
            self._pings.popleft()
        return {**self._since_begin(info), **self._lately(now, info), **self._latency()}

    def _since_begin(self, info: Mapping[str, Reply]) -> dict[str, float]:
        first = self._first or {}
        names = {
            "hits": "keyspace_hits",
            "misses": "keyspace_misses",
            "evictions": "evicted_keys",
            "errors": "total_error_replies",
        }
        found = {
            name: grown
            for name, key in names.items()
            if (grown := _grown(first, info, key)) is not None
        }
        used = _number(info, "used_memory")
        return found if used is None else {**found, "memory_bytes": used}

    def _lately(self, now: float, info: Mapping[str, Reply]) -> dict[str, float]:
        since, old = self._window[0]
        found: dict[str, float] = {}
        hits, misses = (_grown(old, info, f"keyspace_{name}") for name in ("hits", "misses"))
        if hits is not None and misses is not None and hits + misses > 0:
            found["hit_rate"] = hits / (hits + misses)
        commands = _grown(old, info, "total_commands_processed")
        if commands is not None and now > since:
            found["throughput_per_second"] = commands / (now - since)
        return found

    def _latency(self) -> dict[str, float]:
        taken = sorted(each for _, each in self._pings)
        found = {"latency_seconds_mean": sum(taken) / len(taken)}
        for name, share in _LATENCIES.items():
            found[name] = taken[min(len(taken) - 1, int(share * len(taken)))]
        return found


def _restarted(before: Mapping[str, Reply], now: Mapping[str, Reply]) -> bool:
    """Say whether counters began anew: after a restart, or CONFIG RESETSTAT."""
    keys = ("keyspace_hits", "keyspace_misses", "evicted_keys", "total_commands_processed")
    return any((_grown(before, now, key) or 0.0) < 0 for key in keys)


def _grown(before: Mapping[str, Reply], now: Mapping[str, Reply], key: str) -> float | None:
    """Return by how much a counter has grown; none where a proxy or a service leaves it out."""
    old, new = _number(before, key), _number(now, key)
    return None if old is None or new is None else new - old


def _number(info: Mapping[str, Reply], key: str) -> float | None:
    try:
        return float(info[key])
    except (KeyError, TypeError, ValueError):
        return None
