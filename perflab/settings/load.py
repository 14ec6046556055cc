"""Settings of the load: how the requests of a workload come, with every bench."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import field_validator

from perflab.settings.base import Settings, setting

BACKENDS = ("sqlite", "delay", "postgres", "files", "http")
"""The backends with a name that come with perflab; a bench says which of them it takes."""

_known_backends = set(BACKENDS)

PRICES = ("price_per_gib_hour", "price_per_backend_call")
"""What a cost is predicted from; no run depends on them."""


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
    backend: str | Callable[[Any], Any] = setting(
        "sqlite",
        "Backend called on a miss: sqlite (a real query), delay (sleep only), or module:function; "
        "some benches also take postgres, files and http. A function is called at most 200 times "
        "per second unless request_rate is higher.",
        allowed="sqlite, delay, postgres, files, http (as the bench takes them) or module:function",
    )
    backend_seconds: float = setting(
        0.0,
        "Extra latency added to every backend call.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.0001, 1.0),
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

    price_per_gib_hour: float = setting(
        0.005,
        "Price of one GiB of memory per hour, in your currency; what-if only.",
        low=0.0,
        high=1e6,
        span=(0.0001, 1.0),
        scale="log",
    )
    price_per_backend_call: float = setting(
        0.000001,
        "Price of one backend call, in your currency; what-if only.",
        low=0.0,
        high=1e6,
        span=(1e-9, 0.01),
        scale="log",
    )

    @property
    def backend_name(self) -> str:
        """The backend's name, also of a function."""
        return self.info("backend").format(self.backend)

    @field_validator("backend", mode="before")
    @classmethod
    def _known_backend(cls, value: Any) -> Any:
        if callable(value) or (
            isinstance(value, str) and (value in _known_backends or ":" in value)
        ):
            return value
        raise ValueError(f"unknown backend {value!r}")


def know_backends(words: Iterable[str]) -> None:
    """Take words as names of backends from now on: a bench may have some of its own."""
    _known_backends.update(words)
