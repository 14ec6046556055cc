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
        "Mean service time of the server.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.001, 1.0),
        scale="log",
    )
    latency_shape: str = setting(
        "constant",
        "Distribution of service times: constant, or random around the mean.",
        choices=LATENCY_SHAPES,
    )
    capacity: int | None = setting(
        None,
        "Requests that the server handles at once; none = no limit.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 256),
        scale="log",
    )
    server_queue: int = setting(
        1024,
        "Requests that may queue in the server; more are answered with status 503.",
        unit="requests",
        low=0,
        high=1_000_000,
        span=(1, 4096),
        scale="log",
    )
    error_rate: float = setting(
        0.0,
        "Share of requests answered with status 500.",
        low=0.0,
        high=1.0,
        span=(0, 0.5),
    )
    stall_rate: float = setting(
        0.0,
        "Share of requests that stall for stall_seconds.",
        low=0.0,
        high=1.0,
        span=(0, 0.2),
    )
    stall_seconds: float = setting(
        5.0,
        "Duration of a stalled request.",
        unit="seconds",
        low=0.0,
        high=600.0,
        span=(0.1, 60),
        scale="log",
    )
    retry_after_seconds: float | None = setting(
        None,
        "Retry-After of a full server's 503, in whole seconds; none = no such header.",
        unit="seconds",
        low=0.0,
        high=600.0,
        span=(1, 60),
    )
