"""`FetchWorkers`: the threads that fetch, and how they and the consumers wait for each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic

from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.hooks import Hook
from perflab.patterns.prefetching._core import NEVER, PrefetchCore
from perflab.patterns.prefetching._parts import (
    Claim,
    FetchTimeoutError,
    T,
    Worker,
    as_sequence,
)
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.primitives.forking import renew_in_children
from perflab.units import in_words

_LEFT_BEHIND = (
    "this prefetcher was started before the process was forked, and its threads stayed in the "
    "parent; make one in each process"
)


class FetchWorkers(Generic[T]):
    """Runs a fetch in threads; a batch costs each side one turn of one lock.

    A fetch that hangs cannot be ended in Python: once a consumer waits and the timeout is over,
    another thread takes its range, and what the first one brings later is let go. Hooks are called
    outside of the lock.
    """

    def __init__(
        self, fetch: Callable[[int, int], Iterable[T]], core: PrefetchCore[T], hook: Hook | None
    ) -> None:
        self.core = core
        self._renew_lock()
        self._fetch = fetch
        self._hook = hook
        self._threads: set[threading.Thread] = set()
        self._staff = 0
        self._left_behind = False
        renew_in_children(self)

    def start(self) -> None:
        """Start as many workers as the settings say, if it is not stopped or through."""
        with self.lock:
            if not self._threads:
                self.core.started = time.perf_counter()
            self._hire()

    def take(self) -> Sequence[T]:
        """Return the next batch, waiting for it.

        Raises:
            EndOfItems: If there are no more, or it was stopped.
            RuntimeError: If it was started before this process was forked off.
        """
        with self.lock:
            if self._left_behind and not self._halt.is_set():
                raise RuntimeError(_LEFT_BEHIND)
            batch = self._taken()
        if batch is None:
            batch = self._stall()
        if self._hook is not None:
            self._tell_level()
        return batch

    def apply(self, settings: PrefetchingSettings) -> None:
        """Change what holds: batches and bounds from the next claim on, workers at once."""
        with self.lock:
            self.core.settings = settings
            if self._threads:
                self._hire()
            self._space.notify_all()

    def stop(self, wait: float) -> bool:
        """End at once for all who wait; say whether all threads have ended in that time."""
        with self.lock:
            self.core.stop()
            self._halt.set()
            self._space.notify_all()
            self._ready.notify_all()
            threads = self._threads - {threading.current_thread()}
        end = time.perf_counter() + wait
        for thread in threads:
            thread.join(max(0.0, end - time.perf_counter()))
        return not any(thread.is_alive() for thread in threads)

    def stats(self) -> dict[str, float]:
        """Return flat statistics."""
        with self.lock:
            return {**self.core.stats(), "workers": self._staff}

    def hold(self, seconds: float) -> bool:
        """Take the lock before a fork."""
        return self.lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give the lock back after a fork."""
        self.lock.release()

    def renew(self, *, whole: bool) -> None:
        """Note, in a forked child, that the threads which fetch are not there."""
        self._renew_lock()
        self._left_behind = self._left_behind or bool(self._threads) or not whole
        self._staff = 0

    def _renew_lock(self) -> None:
        self.lock = threading.Lock()
        self._space = threading.Condition(self.lock)
        self._ready = threading.Condition(self.lock)
        self._halt = threading.Event()

    def _taken(self) -> Sequence[T] | None:
        """Take the next batch, if it is there, and wake who can go on now."""
        try:
            batch = self.core.take()
        except BaseException:
            self._wake_all()
            raise
        # Without a batch too: an empty page has been passed over and its room is free.
        if self.core.has_room:
            self._space.notify()
        if batch is not None:
            if self.core.over:
                self._ready.notify_all()
            elif self.core.has_next:
                self._ready.notify()
        return batch

    def _stall(self) -> Sequence[T]:
        """Wait for the next batch; a fetch that takes too long is given to another thread."""
        began = time.perf_counter()
        self._tell(EventKind.STALL_STARTED)
        late: list[Claim] = []
        handover = waited = 0.0
        try:
            with self.lock:
                self.core.counts["stalls"] += 1
                self.core.stalled_since = began
                try:
                    while (batch := self._taken()) is None:
                        self._ready.wait(self._patience())
                        late += self._replace_overdue()
                finally:
                    now = time.perf_counter()
                    waited = now - began
                    handover = now - max(began, self.core.there_since)
                    self.core.seconds["stall"] += waited
                    self.core.stalled_since = None
            return batch
        finally:
            for claim in late:
                self._tell(EventKind.TIMEOUT, claim.start)
            self._tell(EventKind.STALL_FINISHED, None, waited, detail=handover)

    def _patience(self) -> float | None:
        """Return until when no fetch can have taken too long, in seconds from now."""
        now = time.perf_counter()
        timeout = self.core.settings.timeout
        first = min(self.core.next_deadline(), NEVER if timeout is None else now + timeout)
        return None if first == NEVER else max(0.0, first - now)

    def _replace_overdue(self) -> list[Claim]:
        late = self.core.overdue(time.perf_counter())
        for claim in late:
            if claim.owner is not None:
                claim.owner.left = True
                self._staff -= 1
            text = f"no answer within {in_words(self.core.settings.timeout, 'seconds')}"
            delay = self.core.failed(claim, claim.attempt, FetchTimeoutError(text))
            if delay is not None:
                self._hire(claim, delay)
        return late

    def _hire(self, claim: Claim | None = None, delay: float = 0.0) -> None:
        """Start the threads that are missing, or one for a range whose thread hangs."""
        while not self._left_behind and (
            claim is not None
            or (self._staff < self.core.settings.workers and not self.core.fetched)
        ):
            worker = Worker()
            if claim is not None:
                claim.owner = worker
            self._staff += 1
            thread = threading.Thread(
                target=self._work, args=(worker, claim, delay), name="prefetch", daemon=True
            )
            self._threads.add(thread)
            thread.start()
            claim = None

    def _work(self, me: Worker, claim: Claim | None, delay: float) -> None:
        try:
            while not me.left:
                if claim is None:
                    claim = self._claim(me)
                    if claim is None:
                        return
                self._serve(me, claim, delay)
                claim, delay = None, 0.0
        except BaseException as error:  # noqa: BLE001  (a hook's: never lost in a thread)
            with self.lock:
                self.core.break_off(error)
                self._wake_all()
        finally:
            with self.lock:
                self._staff -= not me.left
                self._threads.discard(threading.current_thread())
                # A page that turned out short meanwhile may need one more after the last.
                self._hire()

    def _claim(self, me: Worker) -> Claim | None:
        """Wait for room and return the next range; None where this worker is to end."""
        with self.lock:
            while self._staff <= self.core.settings.workers:
                claim = self.core.claim()
                if claim is not None:
                    claim.owner = me
                    if self.core.fetched:
                        self._space.notify_all()
                    elif self.core.has_room:
                        self._space.notify()
                    return claim
                if self.core.fetched:
                    return None
                self._space.wait()
            # Here, not at the end of the thread: two must not leave where one is too many.
            me.left = True
            self._staff -= 1
            return None

    def _serve(self, me: Worker, claim: Claim, delay: float) -> None:
        """Fetch a range, again where it fails, until it is there or nobody waits for it."""
        # Read before `left`, which is set before another attempt is counted.
        attempt = claim.attempt if claim.began else self._begin(claim, delay)
        while attempt is not None and not me.left:
            try:
                items = as_sequence(self._fetch(claim.start, claim.stop))
                size = self.core.measure(items)
            except BaseException as error:  # noqa: BLE001  (the source's: the consumer gets it)
                with self.lock:
                    wait = self.core.failed(claim, attempt, error)
                    if self.core.fetched:
                        self._wake_all()
                if wait is None:
                    return
                self._tell(EventKind.RETRY, claim.start, wait, detail=error)
                attempt = self._begin(claim, wait)
                continue
            with self.lock:
                taken = self.core.done(claim, attempt, items, size)
                if self.core.fetched:
                    self._wake_all()
                elif self.core.has_next:
                    self._ready.notify()
            if taken is not None and self._hook is not None:
                self._tell(EventKind.BATCH_FETCHED, claim.start, taken, size, len(items))
                self._tell_level()
            return

    def _begin(self, claim: Claim, delay: float) -> int | None:
        """Wait before a retry and begin with it; None where nobody waits for it any more."""
        self._halt.wait(delay)
        with self.lock:
            return self.core.begin(claim)

    def _wake_all(self) -> None:
        self._space.notify_all()
        self._ready.notify_all()

    def _tell_level(self) -> None:
        core = self.core
        self._tell(EventKind.BUFFER_LEVEL, None, size=core.buffer_bytes, detail=core.buffer_items)

    def _tell(
        self,
        kind: EventKind,
        key: Hashable = None,
        seconds: float = 0.0,
        size: int = 0,
        detail: object = None,
    ) -> None:
        if self._hook is not None:
            self._hook(Event(kind, key, seconds, size, detail))
