"""Settings of the load: how the requests of a workload come, with every bench."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic import field_validator

from perflab.currency import currency
from perflab.settings.base import Settings, setting

BACKENDS = ("sqlite", "delay", "postgres", "files", "http")
"""The backends with a name that come with perflab; a bench says which of them it takes."""

_MONEY = currency() or "your currency (PERFLAB_CURRENCY names it)"
_known_backends = set(BACKENDS)

PRICES = ("price_per_gib_hour", "price_per_backend_call")
"""What a cost is predicted from; no run depends on them."""

REPLAY = ("writes", "ttl_from", "backend_scale")
"""How a trace with operations, TTLs or backend times is replayed; other workloads have none."""


class LoadSettings(Settings):
    """Pace, concurrency and backend of a run; the same keys with every pattern."""

    request_rate: float | None = setting(
        None,
        "Requests per second; none = as fast as possible. Also dates a trace without times.",
        unit="requests/s",
        low=0.001,
        high=10_000_000,
        span=(10, 200_000),
        scale="log",
    )
    concurrency: int = setting(
        1,
        "Threads that send requests at the same time.",
        unit="threads",
        low=1,
        high=512,
        span=(1, 64),
        scale="log",
    )
    speedup: float | None = setting(
        None,
        "Replay speed: trace seconds per real second; none = as fast as possible.",
        unit="times",
        low=0.001,
        high=1e9,
        span=(1, 10_000_000),
        scale="log",
    )
    loop: bool | None = setting(
        None,
        "Restart the workload when it ends; none = as the bench and the command do by default.",
    )
    backend: str | Callable[[Any], object] = setting(
        "sqlite",
        "Backend called on a miss: sqlite (a real query), delay (sleep only), or module:function; "
        "some benches also take postgres, files and http. A function is called at most 200 times "
        "per second unless request_rate is higher.",
        allowed="sqlite, delay, postgres, files, http (as the bench takes them) or module:function",
    )
    backend_seconds: float = setting(
        0.0,
        "Extra latency added to every backend call; where the workload has backend times of its "
        "own, only to calls without one.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.0001, 1.0),
        scale="log",
    )
    backend_scale: float = setting(
        1.0,
        "Multiplies the workload's own backend times, which a miss takes where it has one.",
        unit="times",
        low=0.0,
        high=1000.0,
        span=(0.01, 100.0),
        scale="log",
    )
    warmup_seconds: float = setting(
        0.0,
        "Time at the start of a run that its statistics leave out.",
        unit="seconds",
        low=0.0,
        high=3600.0,
        span=(0, 60),
    )
    seed: int = setting(
        0,
        "Random seed of the run.",
        low=0,
        high=2**32 - 1,
    )

    writes: Literal["recorded", "through", "invalidate", "ignore"] = setting(
        "recorded",
        "What a recorded write does to the cache: recorded = what the file says, and a write of "
        "the data, such as PUT, removes the key; through = it stores the new value; invalidate = "
        "it removes the key; ignore = reads alone are replayed, without writes and removals.",
    )
    ttl_from: Literal["recorded", "setting"] = setting(
        "recorded",
        "Which TTL counts: recorded = the request's own where the workload has one; setting = the "
        "TTL of the settings for every request.",
    )
    price_per_gib_hour: float = setting(
        0.005,
        f"Price of one GiB of memory per hour, in {_MONEY}; what-if only.",
        low=0.0,
        high=1e6,
        span=(0.0001, 1.0),
        scale="log",
    )
    price_per_backend_call: float = setting(
        0.000001,
        f"Price of one backend call, in {_MONEY}; what-if only.",
        low=0.0,
        high=1e6,
        span=(1e-9, 0.01),
        scale="log",
    )

    @property
    def backend_name(self) -> str:
        """The backend's name, also of a function."""
        return self.info("backend").format(self.backend)

    @property
    def paced(self) -> bool:
        """Whether requests come at a pace that the user set, rather than as fast as possible."""
        return self.request_rate is not None or self.speedup is not None

    @property
    def calls_function(self) -> bool:
        """Whether the backend is a function of the user's, which takes its own time."""
        return callable(self.backend) or ":" in self.backend

    @field_validator("backend", mode="before")
    @classmethod
    def _known_backend(cls, value: object) -> object:
        if callable(value) or (
            isinstance(value, str) and (value in _known_backends or ":" in value)
        ):
            return value
        raise ValueError(f"unknown backend {value!r}")


def know_backends(words: Iterable[str]) -> None:
    """Take words as names of backends from now on: a bench may have some of its own."""
    _known_backends.update(words)
