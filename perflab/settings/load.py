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
        "Requests a second; none for as fast as it can. It also dates a trace without times.",
        unit="requests/s",
        low=0.001,
        high=10_000_000,
        span=(10, 200_000),
        scale="log",
    )
    concurrency: int = setting(
        1,
        "How many threads ask at the same time.",
        unit="threads",
        low=1,
        high=512,
        span=(1, 64),
        scale="log",
    )
    speedup: float | None = setting(
        None,
        "How many seconds of a trace with times pass in one; none for as fast as it can.",
        unit="times",
        low=0.001,
        high=1e9,
        span=(1, 10_000_000),
        scale="log",
    )
    loop: bool | None = setting(
        None,
        "Begin the workload again at its end; none leaves it to the bench and the command.",
    )
    backend: str | Callable[[Any], Any] = setting(
        "sqlite",
        "What is asked behind: sqlite (a real query), delay (only the wait), or module:function; "
        "where a bench takes them, postgres, files and http too. A function is called at most 200 "
        "times per second, or as often as a higher request_rate says.",
        allowed="sqlite, delay, postgres, files, http (as the bench takes them) or module:function",
    )
    backend_seconds: float = setting(
        0.0,
        "A wait that each ask of the backend costs on top of its own work.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.0001, 1.0),
        scale="log",
    )
    warmup_seconds: float = setting(
        0.0,
        "How much of the run's start is left out of its statistics.",
        unit="seconds",
        low=0.0,
        high=3600.0,
        span=(0, 60),
    )
    seed: int = setting(
        0,
        "What the random parts of a run start from.",
        low=0,
        high=2**32 - 1,
    )

    price_per_gib_hour: float = setting(
        0.005,
        "What a GiB of memory costs an hour, in your currency; for what-if only.",
        low=0.0,
        high=1e6,
        span=(0.0001, 1.0),
        scale="log",
    )
    price_per_backend_call: float = setting(
        0.000001,
        "What a call of the backend costs, in your currency; for what-if only.",
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
        raise ValueError(f"no backend {value!r}")


def know_backends(words: Iterable[str]) -> None:
    """Take words as names of backends from now on: a bench may have some of its own."""
    _known_backends.update(words)
