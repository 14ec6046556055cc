"""Settings of the HTTP server that perflab starts: service time, capacity and faults."""

from __future__ import annotations

from perflab.settings.base import Settings, setting

LATENCY_SHAPES = ("constant", "exponential", "lognormal")
LOGNORMAL_SIGMA = 0.5
"""Spread of the lognormal shape: its p99 is 2.8 times its mean, as of a usual web service."""


class HttpServerSettings(Settings):
    """Service time, capacity and faults of a server; all can change while it runs."""

    latency_seconds: float = setting(
        0.02,
        "How long the server works on a request, on average.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.001, 1.0),
        scale="log",
    )
    latency_shape: str = setting(
        "constant",
        "How service times spread: all alike (constant), or at random about their mean.",
        choices=LATENCY_SHAPES,
    )
    capacity: int | None = setting(
        None,
        "How many requests the server works on at once; none for as many as come.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 256),
        scale="log",
    )
    server_queue: int = setting(
        1024,
        "How many requests wait there for their turn; what comes beyond is answered 503.",
        unit="requests",
        low=0,
        high=1_000_000,
        span=(1, 4096),
        scale="log",
    )
    error_rate: float = setting(
        0.0,
        "The share of requests that the server answers with status 500.",
        low=0.0,
        high=1.0,
        span=(0, 0.5),
    )
    stall_rate: float = setting(
        0.0,
        "The share of requests that the server keeps waiting for stall_seconds.",
        low=0.0,
        high=1.0,
        span=(0, 0.2),
    )
    stall_seconds: float = setting(
        5.0,
        "How long a request that stalls takes.",
        unit="seconds",
        low=0.0,
        high=600.0,
        span=(0.1, 60),
        scale="log",
    )
    retry_after_seconds: float | None = setting(
        None,
        "What a 503 of a full server says in Retry-After, in whole seconds; none for nothing.",
        unit="seconds",
        low=0.0,
        high=600.0,
        span=(1, 60),
    )
