"""Settings of the concurrent HTTP client, and of a run of it."""

from __future__ import annotations

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
        "What is asked for: a URL, or a file of URLs (one a line, or HAR); none for what the "
        "caller gives.",
        allowed="a URL of http or https, or a file's path",
        address=True,
    )
    max_concurrent: int = setting(
        20,
        "The most requests in flight at the same time; where auto starts.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 256),
        scale="log",
    )
    limit_mode: str = setting(
        "fixed",
        "fixed holds max_concurrent; auto moves the limit while it runs, by the latency it sees.",
        choices=LIMIT_MODES,
    )
    auto_most: int = setting(
        512,
        "The highest limit that auto goes to.",
        unit="requests",
        low=1,
        high=10_000,
        span=(16, 1024),
        scale="log",
    )
    max_per_host: int | None = setting(
        None,
        "The most requests in flight to one host; none for no other limit than that for all.",
        unit="requests",
        low=1,
        high=10_000,
        span=(1, 64),
        scale="log",
    )
    timeout: float = setting(
        10.0,
        "How long one try may take, from the connection to the last byte of the body.",
        unit="seconds",
        low=0.001,
        high=3600.0,
        span=(0.05, 60.0),
        scale="log",
    )
    retries: int = setting(
        2,
        "How often a request that failed is tried again, where that is safe.",
        low=0,
        high=20,
        span=(0, 5),
    )
    backoff_seconds: float = setting(
        0.1,
        "The longest wait before the first retry; it doubles with each, and is drawn at random.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.01, 5.0),
        scale="log",
    )
    retry_after_most: float = setting(
        60.0,
        "The longest Retry-After that is waited for; a longer one fails the request.",
        unit="seconds",
        low=0.0,
        high=3600.0,
        span=(1, 600),
        scale="log",
    )
    rate_limit: float | None = setting(
        None,
        "The most requests begun in a second; none for no limit.",
        unit="requests/s",
        low=0.001,
        high=1_000_000,
        span=(1, 10_000),
        scale="log",
    )
    max_body_bytes: int = setting(
        16 * 2**20,
        "The largest body, unpacked, that is read; a larger one fails the request.",
        unit="bytes",
        low=0,
        high=2**40,
        span=(1024, 2**30),
        scale="log",
    )
    output_file: str | None = setting(
        None,
        "Where results go as JSON Lines, as they come; none for nowhere.",
        allowed="a file's path",
    )


class AsyncIORunSettings(AsyncIOSettings, HttpServerSettings):
    """The client's settings, those of the server that perflab starts for it, and the load."""

    load_model: str = setting(
        "closed",
        "closed keeps max_concurrent in flight; in open, requests come at request_rate, whether "
        "earlier ones are answered or not.",
        choices=LOAD_MODELS,
    )
    measured: str | None = setting(
        None,
        "A file of results of k6 or Locust (CSV): the law of the server is fitted through them.",
        allowed="a file's path",
    )
    most_requests: int = setting(
        10_000,
        "The most requests that a run makes to a server that is not perflab's.",
        unit="requests",
        low=1,
        high=10_000_000,
        span=(100, 100_000),
        scale="log",
    )
    most_rate: float = setting(
        200.0,
        "The most requests a second that a run makes to a server that is not perflab's.",
        unit="requests/s",
        low=0.1,
        high=100_000,
        span=(1, 1000),
        scale="log",
    )
