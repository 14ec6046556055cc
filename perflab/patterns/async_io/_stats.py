"""`FetchStats`: flat counters of a fetcher."""

from __future__ import annotations

from collections import Counter

from perflab.patterns.async_io._request import Failure, Result


class FetchStats:
    """Counts that only grow; they belong to one event loop and may be read from anywhere.

    Attributes:
        requests: Taken from a source.
        done: Answered with a status below 400, whole and in time.
        tries: Requests sent, each retry and each redirect that was followed included.
        retries: Tries after the first.
        throttled_seconds_total: How long requests waited for the fetcher's own limits.
        bytes_read: Of the bodies of those that are done.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.done = 0
        self.tries = 0
        self.retries = 0
        self.bytes_read = 0
        self.throttled_seconds_total = 0.0
        self._failed: Counter[Failure] = Counter()

    def add(self, result: Result) -> None:
        """Count a result."""
        if result.failure is None:
            self.done += 1
            self.bytes_read += len(result.body)
        else:
            self._failed[result.failure] += 1

    def snapshot(self) -> dict[str, int | float]:
        """Return all counters by name, with one for each kind of failure."""
        failed = {kind: self._failed[kind] for kind in Failure}
        return {
            "requests": self.requests,
            "done": self.done,
            "failed": sum(failed.values()),
            "tries": self.tries,
            "retries": self.retries,
            "bytes_read": self.bytes_read,
            "throttled_seconds_total": self.throttled_seconds_total,
            **{f"failed_{kind.value}": number for kind, number in failed.items()},
        }
