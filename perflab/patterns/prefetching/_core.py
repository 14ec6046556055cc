"""`PrefetchCore`: which range is fetched next, what is ready, and when the stream is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Generic

from perflab.patterns.prefetching._parts import (
    Batch,
    Claim,
    EndOfItems,
    FetchTimeoutError,
    ShortPageError,
    T,
    as_raised,
)
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.primitives.retry import Backoff

NEVER = float("inf")
_LONGEST_BACKOFF = 5.0


class PrefetchCore(Generic[T]):
    """What threads and asyncio share of prefetching: all the state, and no waiting.

    Ranges are claimed in order and may be fetched in any order; they are taken in order. A claim
    holds its room in the buffer from then until it is taken, so that the bound is never passed.
    Sizes of what is still being fetched are taken as the mean of those seen.

    Its caller sees to it that one method runs at a time.

    Attributes:
        started: When fetching began, as `time.perf_counter` tells it.
        stalled_since: Since when a consumer waits, if one does.
        there_since: Since when the batch last taken was there.
        buffer_items: Items that are there and not yet taken.
        buffer_bytes: Their bytes, where they are measured.

    Args:
        settings: Bounds, batches, retries and timeout.
        sizeof: Returns the bytes of an item; by default `sys.getsizeof`, where bytes are bounded.
    """

    def __init__(
        self,
        settings: PrefetchingSettings,
        sizeof: Callable[[T], int] | None = None,
    ) -> None:
        self.settings = settings
        self.stopped = False
        self.started = time.perf_counter()
        self._sizeof = sizeof
        self._next = 0
        self._claimed = 0
        self._head = 0
        self._last: int | None = None
        self._short: Claim | None = None
        self._short_items = 0
        self._ready: dict[int, Batch[T]] = {}
        self._flying: dict[int, Claim] = {}
        self._ahead = 0
        self._seen_items = 0
        self._seen_bytes = 0
        self._first: float | None = None
        self.buffer_items = 0
        self.buffer_bytes = 0
        self.counts: dict[str, float] = dict.fromkeys(
            (
                "items",
                "batches",
                "retries",
                "timeouts",
                "fetch_errors",
                "stalls",
                "short_pages",
                "items_dropped",
            ),
            0,
        )
        self.seconds = {"fetch": 0.0, "stall": 0.0}
        self.stalled_since: float | None = None
        self.there_since = 0.0
        self._level_seconds = 0.0
        self._level_byte_seconds = 0.0
        self._level_at = self.started

    @property
    def over(self) -> bool:
        """Whether nothing is left to take."""
        if self.stopped:
            return True
        if self._last is not None:
            return self._head > self._last
        return self._head == self._claimed and self._exhausted

    @property
    def fetched(self) -> bool:
        """Whether nothing is left to fetch but what is being fetched."""
        if self.stopped or self._last is not None or self._exhausted:
            return True
        # After a short page only the next is of interest: it tells whether that was the end.
        return self._short is not None and not self._is_in_doubt

    @property
    def has_next(self) -> bool:
        """Whether the next batch is ready."""
        return self._head in self._ready

    @property
    def has_room(self) -> bool:
        """Whether a further range may be claimed."""
        count = self._count()
        if self.fetched or count <= 0:
            return False
        if self._ahead == 0:
            return True
        if self._ahead + count > self.settings.buffer_size:
            return False
        if self.settings.max_bytes is None:
            return True
        if not self._seen_items:
            return False
        flying = self._ahead - self.buffer_items
        mean = self._seen_bytes / self._seen_items
        return self.buffer_bytes + (flying + count) * mean <= self.settings.max_bytes

    def claim(self) -> Claim | None:
        """Begin with the next range and return it; None where there is no room, or none left."""
        if not self.has_room:
            return None
        claim = Claim(self._claimed, self._next, self._next + self._count())
        self._claimed += 1
        self._next = claim.stop
        self._ahead += claim.stop - claim.start
        self._flying[claim.number] = claim
        self.begin(claim)
        return claim

    def begin(self, claim: Claim) -> int | None:
        """Note that a fetch starts now; return which attempt it is, None where it is not wanted."""
        if not self._current(claim, claim.attempt):
            return None
        claim.began = time.perf_counter()
        timeout = self.settings.timeout
        claim.deadline = NEVER if timeout is None else claim.began + timeout
        return claim.attempt

    def measure(self, items: Sequence[T]) -> int:
        """Return the bytes of a batch; 0 where nobody wants to know."""
        sizeof = self._sizeof
        if sizeof is None:
            if self.settings.max_bytes is None:
                return 0
            sizeof = sys.getsizeof
        return sum(map(sizeof, items))

    def done(self, claim: Claim, attempt: int, items: Sequence[T], size: int) -> float | None:
        """Take what a fetch returned; its seconds, or None where nobody waits for it any more."""
        if not self._current(claim, attempt):
            if self._is_beyond_end(claim, attempt):
                self.counts["items_dropped"] += len(items)
            return None
        del self._flying[claim.number]
        wanted = claim.stop - claim.start
        if len(items) > wanted:
            text = f"the fetch of items {claim.start} to {claim.stop} returned {len(items)} items"
            self._end_with(claim, Batch([], 0, wanted, ValueError(f"{text}, not {wanted}")))
            return None
        taken = time.perf_counter() - claim.began
        self.counts["batches"] += 1
        self.seconds["fetch"] += taken
        self._seen_items += len(items)
        self._seen_bytes += size
        self._hold(claim, Batch(items, size, wanted))
        if len(items) < wanted:
            self._note_short(claim, len(items))
        if self._short is not None:
            self._judge_short(self._short)
        return taken

    def failed(self, claim: Claim, attempt: int, error: BaseException) -> float | None:
        """Note that a fetch failed; return after how many seconds to try again, or None if not."""
        if not self._current(claim, attempt):
            return None
        claim.attempt += 1
        claim.began, claim.deadline = 0.0, NEVER
        self.counts["fetch_errors"] += 1
        self.counts["timeouts"] += isinstance(error, FetchTimeoutError)
        if isinstance(error, Exception) and attempt <= self.settings.retries:
            self.counts["retries"] += 1
            base = self.settings.backoff_seconds
            return Backoff(base, max(base, _LONGEST_BACKOFF)).seconds(attempt)
        del self._flying[claim.number]
        raised = as_raised(error, claim, attempt)
        self._end_with(claim, Batch([], 0, claim.stop - claim.start, raised))
        return None

    def break_off(self, error: BaseException) -> None:
        """Let the next batch be an error that no fetch raised, such as a hook's."""
        self._level()
        self._ready.clear()
        self._flying.clear()
        self.buffer_items = self.buffer_bytes = 0
        self._ready[self._head] = Batch([], 0, 0, error)
        self._end_at(self._head)

    def take(self) -> Sequence[T] | None:
        """Return the next batch in order; None where it is not there yet.

        Raises:
            EndOfItems: If there are no more, or it was stopped.
            BaseException: The source's own, once, after the items before it.
        """
        while True:
            if self.over:
                raise EndOfItems
            batch = self._ready.pop(self._head, None)
            if batch is None:
                return None
            self._level()
            self._head += 1
            self.there_since = batch.since
            self._ahead -= batch.wanted
            self.buffer_items -= len(batch.items)
            self.buffer_bytes -= batch.size
            if batch.error is not None:
                raise batch.error
            if len(batch.items):
                self.counts["items"] += len(batch.items)
                if self._first is None:
                    self._first = time.perf_counter() - self.started
                return batch.items

    def overdue(self, now: float) -> list[Claim]:
        """Return the ranges whose fetch has taken too long."""
        return [claim for claim in self._flying.values() if claim.deadline <= now]

    def next_deadline(self) -> float:
        """Return when the next fetch will have taken too long."""
        return min((claim.deadline for claim in self._flying.values()), default=NEVER)

    def stop(self) -> None:
        """End the stream now; what is held is let go."""
        self._level()
        self.stopped = True
        self._ready.clear()
        self._flying.clear()
        self._ahead = self.buffer_items = self.buffer_bytes = 0

    def stats(self) -> dict[str, float]:
        """Return flat statistics; totals only grow."""
        now = time.perf_counter()
        stalled = 0.0 if self.stalled_since is None else now - self.stalled_since
        self._level()
        found = {
            **self.counts,
            "buffer_items": self.buffer_items,
            "buffer_bytes": self.buffer_bytes,
            "fetching_items": max(0, self._ahead - self.buffer_items),
            "fetches": len(self._flying),
            "fetch_seconds_total": self.seconds["fetch"],
            "stall_seconds_total": self.seconds["stall"] + stalled,
            "buffer_item_seconds_total": self._level_seconds,
            "buffer_byte_seconds_total": self._level_byte_seconds,
        }
        return found if self._first is None else {**found, "first_item_seconds": self._first}

    @property
    def _exhausted(self) -> bool:
        limit = self.settings.process_count
        return limit is not None and self._next >= limit and not self._is_in_doubt

    @property
    def _is_in_doubt(self) -> bool:
        """Whether a page was short and the next, which tells why, is not requested yet."""
        return self._short is not None and self._claimed <= self._short.number + 1

    def _count(self) -> int:
        count = min(self.settings.batch_size, self.settings.buffer_size)
        limit = self.settings.process_count
        # A page that is only looked at may lie beyond the last item of a run.
        if limit is None or (self._is_in_doubt and self._next >= limit):
            return count
        return min(count, limit - self._next)

    def _current(self, claim: Claim, attempt: int) -> bool:
        """Whether an attempt is the present one of a range that is still wanted."""
        return self._flying.get(claim.number) is claim and claim.attempt == attempt

    def _note_short(self, claim: Claim, found: int) -> None:
        """Take note of a page with fewer items than requested: the end, or a gap."""
        self.counts["short_pages"] += found > 0
        if self.settings.short_page == "end":
            self._end_at(claim.number)
        elif self._short is None or claim.number < self._short.number:
            self._short, self._short_items = claim, found

    def _judge_short(self, short: Claim) -> None:
        """Tell the end from a gap, as soon as what was fetched beyond a short page shows it."""
        beyond = [number for number in self._ready if number > short.number]
        if any(_shows_more(self._ready[number]) for number in beyond):
            text = f"the page of items {short.start} to {short.stop} had {self._short_items} items"
            self._break_after(short.number, ShortPageError(f"{text}, and more follow"))
        elif short.number + 1 in beyond and self._ready[short.number + 1].error is None:
            self._end_at(short.number + 1)

    def _break_after(self, number: int, error: BaseException) -> None:
        """Let the stream end with an error after a batch, and let go of what is beyond it."""
        self._end_at(number)
        self._ready[number + 1] = Batch([], 0, 0, error)
        self._last = number + 1
        self._short = None

    def _is_beyond_end(self, claim: Claim, attempt: int) -> bool:
        """Whether a range was wanted until a page before it turned out to be the last."""
        ended = self._last is not None and claim.number > self._last
        return ended and claim.attempt == attempt and not self.stopped

    def _hold(self, claim: Claim, batch: Batch[T]) -> None:
        self._level()
        batch.since = self._level_at
        self._ready[claim.number] = batch
        self.buffer_items += len(batch.items)
        self.buffer_bytes += batch.size

    def _level(self) -> None:
        """Add up what was there since the last time, before it changes."""
        now = time.perf_counter()
        self._level_seconds += self.buffer_items * (now - self._level_at)
        self._level_byte_seconds += self.buffer_bytes * (now - self._level_at)
        self._level_at = now

    def _end_with(self, claim: Claim, batch: Batch[T]) -> None:
        self._hold(claim, batch)
        self._end_at(claim.number)

    def _end_at(self, number: int) -> None:
        """Let the stream end with a batch: what was fetched beyond it is let go."""
        self._level()
        self._last = number
        for beyond in [other for other in self._ready if other > number]:
            batch = self._ready.pop(beyond)
            self.counts["items_dropped"] += len(batch.items)
            self.buffer_items -= len(batch.items)
            self.buffer_bytes -= batch.size
        for beyond in [other for other in self._flying if other > number]:
            del self._flying[beyond]
        self._ahead = sum(batch.wanted for batch in self._ready.values()) + sum(
            claim.stop - claim.start for claim in self._flying.values()
        )


def _shows_more(batch: Batch[T]) -> bool:
    """Say whether a batch shows that the source has not ended before it."""
    return len(batch.items) > 0 or isinstance(batch.error, ShortPageError)
