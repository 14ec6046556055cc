"""What type checkers make of lazy loading, prefetching, streaming and async I/O; never run."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, assert_type

from perflab.patterns.async_io import (
    AsyncFetcher,
    AsyncIOSettings,
    Failure,
    Request,
    Result,
    fetch_all,
    fetch_apart,
    run_fetch,
)
from perflab.patterns.lazy_loading import LazyLoader, LazyLoadingSettings
from perflab.patterns.prefetching import (
    AsyncPrefetcher,
    FetchTimeoutError,
    Prefetcher,
    PrefetchingSettings,
    ShortPageError,
)
from perflab.patterns.streaming import (
    Progress,
    StreamCancelledError,
    StreamingSettings,
    StreamProcessor,
)


def lazy_rows() -> None:
    with LazyLoader(LazyLoadingSettings(data_source="rows.csv"), max_chunks=2) as rows:
        assert_type(rows[3:5], list[Any])
        assert_type(rows[[1, 2]], list[Any])
        assert_type(len(rows), int)
        assert_type(iter(rows), Iterator[Any])
        assert_type(rows.settings, LazyLoadingSettings)
        assert_type(rows.stats(), dict[str, int | float])
        rows.apply(LazyLoadingSettings())
        rows.refresh()
        rows.close()
        rows.apply(max_chunks=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def pages(start: int, stop: int) -> list[float]:
    return [float(n) for n in range(start, stop)]


async def awaited_pages(start: int, stop: int) -> list[float]:
    return pages(start, stop)


def prefetched() -> None:
    with Prefetcher(pages, PrefetchingSettings(workers=2)) as items:
        assert_type(items, Prefetcher[float])
        assert_type(next(items), float)
        assert_type(iter(items), Iterator[float])
        assert_type(next(items.batches()), Sequence[float])
        assert_type(items.settings, PrefetchingSettings)
        assert_type(items.stats(), dict[str, float])
        items.apply(PrefetchingSettings())
        assert_type(items.start(), Prefetcher[float])
        assert_type(items.stop(wait=0.1), bool)
    Prefetcher(len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def prefetched_by_tasks() -> None:
    async with AsyncPrefetcher(awaited_pages) as items:
        assert_type(items, AsyncPrefetcher[float])
        async for item in items:
            assert_type(item, float)
        async for batch in items.batches():
            assert_type(batch, Sequence[float])
        assert_type(items.settings, PrefetchingSettings)
        assert_type(items.stats(), dict[str, float])
        items.apply(PrefetchingSettings())
        assert_type(items.start(), AsyncPrefetcher[float])
        await items.stop()
    AsyncPrefetcher(pages)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def short(error: ShortPageError | FetchTimeoutError) -> Exception:
    return error


def half(row: dict[str, Any]) -> dict[str, Any] | None:
    return row if row["n"] else None


def streamed() -> StreamCancelledError:
    stream = StreamProcessor(StreamingSettings(input_file="a.csv", output_file="a.jsonl"), row=half)
    assert_type(stream.run(lambda progress: print(progress.rows_in)), Progress)
    assert_type(stream.stream(), Generator[Progress])
    assert_type(stream.settings, StreamingSettings)
    assert_type(stream.stats(), dict[str, float])
    assert_type(stream.take_stats(), dict[str, float])
    done = stream.run()
    assert_type((done.share, done.seconds_left, done.rows_per_second), tuple[float, float, float])
    assert_type(stream.settings.kinds, dict[str, str])
    assert_type(stream.settings.na_words, tuple[str, ...])
    stream.apply(StreamingSettings())
    stream.cancel()
    StreamProcessor(row=half)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    return StreamCancelledError()


async def fetched() -> None:
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=50), headers={"Accept": "*/*"}) as fetch:
        assert_type(fetch, AsyncFetcher)
        async for result in fetch.fetch(["http://127.0.0.1/"]):
            assert_type(result, Result)
            assert_type(result.status, int | None)
            assert_type(result.failure, Failure | None)
            assert_type(result.body, bytes)
            assert_type(result.ok, bool)
            assert_type(result.request, Request)
            assert_type(result.request.is_safe_to_repeat, bool)
            assert_type(result.line(), bytes)
            print(result.json())
        assert_type(await fetch.save(["http://127.0.0.1/"], "out.jsonl"), dict[str, int | float])
        assert_type(fetch.settings, AsyncIOSettings)
        assert_type(fetch.limit, int)
        assert_type(fetch.stats(), dict[str, int | float])
        fetch.apply(AsyncIOSettings())
        fetch.fetch([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
        await fetch.aclose()
    assert_type(await fetch_all(["http://127.0.0.1/"], max_concurrent=5), list[Result])
    assert_type(fetch_apart(["http://127.0.0.1/"]), list[Result])
    assert_type(run_fetch("urls.txt", output_file="out.jsonl"), dict[str, int | float])
