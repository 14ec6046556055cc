"""Settings of the prefetcher."""

from __future__ import annotations

from perflab.settings.base import Settings, setting

SHORT_PAGES = ("end", "error")


class PrefetchingSettings(Settings):
    """How far ahead items are fetched, how many at once, by how many workers, and how safely."""

    buffer_size: int = setting(
        1000,
        "The most items fetched or being fetched ahead of the batch that the consumer works on.",
        unit="items",
        low=1,
        high=100_000_000,
        span=(10, 100_000),
        scale="log",
    )
    batch_size: int = setting(
        100,
        "How many items one fetch asks for; a buffer that is smaller cuts it.",
        unit="items",
        low=1,
        high=10_000_000,
        span=(1, 10_000),
        scale="log",
    )
    workers: int = setting(
        1,
        "How many fetches go on at the same time, each in a thread (with asyncio, a task).",
        unit="threads",
        low=1,
        high=512,
        span=(1, 64),
        scale="log",
    )
    max_bytes: int | None = setting(
        None,
        "The most bytes that items ahead take, where sizes are known; none for no such bound.",
        unit="bytes",
        low=1,
        high=2**50,
        span=(2**16, 2**34),
        scale="log",
    )
    retries: int = setting(
        3,
        "How often a fetch that failed is tried again, after a wait that doubles.",
        low=0,
        high=1000,
        span=(0, 10),
    )
    backoff_seconds: float = setting(
        0.1,
        "The longest wait before the first retry, drawn at random below it; up to 5 s at the end.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.001, 5.0),
        scale="log",
    )
    timeout: float | None = setting(
        30.0,
        "How long one fetch may take before it counts as failed; none for as long as it likes.",
        unit="seconds",
        low=0.001,
        high=86_400.0,
        span=(0.01, 600),
        scale="log",
    )
    process_count: int | None = setting(
        None,
        "How many items a run goes through; none for all that there are.",
        unit="items",
        low=1,
        high=1_000_000_000_000,
        span=(100, 10_000_000),
        scale="log",
    )
    short_page: str = setting(
        "end",
        "What a page with fewer items than asked for means: end (the last page) or error (items "
        "are missing, unless the next page is empty).",
        choices=SHORT_PAGES,
    )
    consume_seconds: float = setting(
        0.0,
        "How long the consumer works on an item at least: a real transformation, again and again.",
        unit="seconds",
        low=0.0,
        high=60.0,
        span=(0.00001, 0.1),
        scale="log",
    )
