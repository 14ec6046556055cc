"""Settings of the prefetcher."""

from __future__ import annotations

from perflab.settings.base import Settings, setting

SHORT_PAGES = ("end", "error")


class PrefetchingSettings(Settings):
    """How far ahead items are fetched, how many at once, by how many workers, and how safely."""

    buffer_size: int = setting(
        1000,
        "Maximum number of items fetched, or being fetched, ahead of the consumer's batch.",
        unit="items",
        low=1,
        high=100_000_000,
        span=(10, 100_000),
        scale="log",
    )
    batch_size: int = setting(
        100,
        "Items per fetch; a smaller buffer limits it.",
        unit="items",
        low=1,
        high=10_000_000,
        span=(1, 10_000),
        scale="log",
    )
    workers: int = setting(
        1,
        "Concurrent fetches, each in a thread (with asyncio, a task).",
        unit="threads",
        low=1,
        high=512,
        span=(1, 64),
        scale="log",
    )
    max_bytes: int | None = setting(
        None,
        "Maximum total size of items ahead, where sizes are known; none = no limit.",
        unit="bytes",
        low=1,
        high=2**50,
        span=(2**16, 2**34),
        scale="log",
    )
    retries: int = setting(
        3,
        "Retries of a failed fetch, with a doubling wait.",
        low=0,
        high=1000,
        span=(0, 10),
    )
    backoff_seconds: float = setting(
        0.1,
        "Upper bound of the random wait before the first retry; later ones grow up to 5 s.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.001, 5.0),
        scale="log",
    )
    timeout: float | None = setting(
        30.0,
        "Time after which a fetch counts as failed; none = no limit.",
        unit="seconds",
        low=0.001,
        high=86_400.0,
        span=(0.01, 600),
        scale="log",
    )
    process_count: int | None = setting(
        None,
        "Items per run; none = all.",
        unit="items",
        low=1,
        high=1_000_000_000_000,
        span=(100, 10_000_000),
        scale="log",
    )
    short_page: str = setting(
        "end",
        "What a page with fewer items than requested means: end (the last page) or error (items "
        "are missing, unless the next page is empty).",
        choices=SHORT_PAGES,
    )
    consume_seconds: float = setting(
        0.0,
        "Minimum time the consumer works on an item (a real transformation, repeated).",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.00001, 0.1),
        scale="log",
    )
