"""Settings of the concurrent HTTP client, and of a run of it."""

from __future__ import annotations

from pydantic import field_validator

from perflab.settings.addresses import check_web_address
from perflab.settings.base import Settings, setting
from perflab.settings.http_server import HttpServerSettings

LIMIT_MODES = ("fixed", "auto")
LOAD_MODELS = ("closed", "open")
AUTO_TOLERANCE = 1.1
"""How much slower than with nothing queued auto takes for no queueing yet."""


class AsyncIOSettings(Settings):
    """How many requests are in flight, how long each may take, and what is done when one fails."""

    urls: str | None = setting(
        None,
        "URLs to request: one URL, or a file of URLs (one per line, or HAR); none = those the "
        "caller passes.",
        allowed="a URL of http or https, or a file's path",
        address=True,
    )
    max_concurrent: int = setting(
        20,
        "Maximum number of requests in flight; with auto, the initial limit.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 256),
        scale="log",
    )
    limit_mode: str = setting(
        "fixed",
        "fixed: the limit stays max_concurrent; auto: the limit adapts to the measured latency.",
        choices=LIMIT_MODES,
    )
    auto_most: int = setting(
        512,
        "Upper bound of the limit with auto.",
        unit="requests",
        low=1,
        high=10_000,
        span=(16, 1024),
        scale="log",
    )
    max_per_host: int | None = setting(
        None,
        "Maximum number of requests in flight per host; none = only the overall limit.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 64),
        scale="log",
    )
    timeout: float = setting(
        10.0,
        "Maximum duration of one attempt, from connecting to the last byte of the body.",
        unit="seconds",
        low=0.001,
        high=3600.0,
        span=(0.05, 60.0),
        scale="log",
    )
    retries: int = setting(
        2,
        "Retries of a failed request, where a retry is safe.",
        low=0,
        high=20,
        span=(0, 5),
    )
    backoff_seconds: float = setting(
        0.1,
        "Upper bound of the random wait before the first retry; it doubles with each further one.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.01, 5.0),
        scale="log",
    )
    retry_after_most: float = setting(
        60.0,
        "Longest Retry-After to obey; a longer one fails the request.",
        unit="seconds",
        low=0.0,
        high=3600.0,
        span=(1, 600),
        scale="log",
    )
    rate_limit: float | None = setting(
        None,
        "Maximum number of requests started per second; none = no limit.",
        unit="requests/s",
        low=0.001,
        high=1_000_000,
        span=(1, 10_000),
        scale="log",
    )
    max_body_bytes: int = setting(
        16 * 2**20,
        "Maximum size of a decompressed body; a larger one fails the request.",
        unit="bytes",
        low=0,
        high=2**40,
        span=(1024, 2**30),
        scale="log",
    )
    output_file: str | None = setting(
        None,
        "File for the results, as JSON Lines in order of completion; none = not written.",
        allowed="a file's path",
    )

    @field_validator("urls")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        return None if value is None else check_web_address(value)


ROLES = ("call", "front")


class AsyncIORunSettings(AsyncIOSettings, HttpServerSettings):
    """The client's settings, those of the server that perflab starts for it, and the load."""

    load_model: str = setting(
        "closed",
        "closed: max_concurrent requests are always in flight; open: requests start at "
        "request_rate, whether earlier ones are answered or not.",
        choices=LOAD_MODELS,
    )
    measured: str | None = setting(
        None,
        "k6, Locust, JMeter, vegeta, hey or wrk results to fit the server's scaling law to.",
        allowed="a file's path",
    )
    most_requests: int = setting(
        10_000,
        "Maximum number of requests per run to your own server.",
        unit="requests",
        low=1,
        high=10_000_000,
        span=(100, 100_000),
        scale="log",
    )
    most_rate: float = setting(
        200.0,
        "Maximum number of requests per second to your own server.",
        unit="requests/s",
        low=0.1,
        high=100_000,
        span=(1, 1000),
        scale="log",
    )


class AsyncIOStageSettings(AsyncIORunSettings):
    """The same as a stage of a service, and what it is there."""

    role: str = setting(
        "call",
        "Part in a service: call, each worker calls an HTTP server for what no cache holds; front, "
        "the client that sends the requests to all workers.",
        choices=ROLES,
    )
    call_share: float = setting(
        1.0,
        "Share of the keys whose loads make the outgoing call; the others go on without it.",
        low=0.0,
        high=1.0,
        span=(0.01, 1.0),
    )
