"""`LoadGenerator`: threads that put a workload's requests to a session, at their pace."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from perflab.bench.pace import Pace
from perflab.bench.session import AnySession, EndOfWorkload
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.lab.gate import Gate
from perflab.primitives.clock import VirtualClock
from perflab.settings import LoadSettings

_SPIN_SECONDS = 0.0002
_LONGEST_SLEEP = 0.05
PATIENCE = 1.0
"""How many seconds a change of settings waits for a request that is under way."""


class LoadGenerator:
    """Puts requests to a session from several threads and records what they took.

    Where the load is open and requests are paced, latency counts from the moment at which a
    request was due, unless its thread was idle then: a stall delays all that come after it, and
    shows (no coordinated omission), but the inexactness of the system's timer does not. Where the
    load is closed, latency counts from when a request is made. One thread waits for the last
    fifth of a millisecond by spinning; several threads would take each other's time.
    """

    def __init__(
        self,
        session: AnySession,
        pace: Pace,
        load: LoadSettings,
        clock: VirtualClock,
        limit: int | None,
        *,
        open_loop: bool,
        thread_count: int | None = None,
    ) -> None:
        self._session = session
        self._pace = pace
        self._load = load
        self._clock = clock
        self._limit = limit
        self._open_loop = open_loop
        self._threads_at_start = thread_count or load.concurrency
        self._index = itertools.count()
        self._next = 0
        # Only for replacing the pace; threads that take requests read it without the lock.
        self._lock = threading.Lock()
        self._records: list[dict[str, LatencyHistogram]] = []
        self._threads: list[threading.Thread] = []
        self._wanted = 0
        self._gate = Gate()
        self._changed = threading.Event()
        self._stopped = False
        self._paused = False
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin; requests count from now."""
        self._pace = self._pace.resumed(0, time.perf_counter())
        self._resize(self._threads_at_start)

    def pause(self) -> None:
        """Hold all threads before their next request."""
        self._paused = True
        self._gate.close()
        self._wake()

    def resume(self) -> None:
        """Go on; what was not due before the pause is due after it."""
        with self._lock:
            self._pace = self._pace.resumed(self._first_not_begun, time.perf_counter())
        self._paused = False
        self._gate.open()

    @contextlib.contextmanager
    def between_requests(self, patience: float = PATIENCE) -> Iterator[bool]:
        """Hold all threads between two requests for as long as the context lasts.

        Args:
            patience: How many seconds a request that is under way may take to end; one that hangs
                in a backend is not waited for any longer.

        Yields:
            Whether none is under way.
        """
        self._gate.close()
        self._wake()
        try:
            yield self._gate.wait(self._alive, patience)
        finally:
            if not self._paused:
                self._gate.open()

    def under_way(self) -> Callable[[], bool] | None:
        """Return what says whether a request that is under way now still is; None where none is.

        To be asked for within `between_requests`: a thread that does not stand then is in the
        midst of one, which is over when the thread has recorded it.
        """
        began = [
            (thread, record, _counted(record))
            for thread, record in zip(list(self._threads), list(self._records), strict=False)
            if thread.is_alive() and not self._gate.is_standing(thread.ident)
        ]
        if not began:
            return None

        def is_any() -> bool:
            return any(
                thread.is_alive() and _counted(record) == before for thread, record, before in began
            )

        return is_any

    def apply(self, load: LoadSettings, thread_count: int | None = None) -> None:
        """Change pace and concurrency from the next request on."""
        with self._lock:
            first = self._first_not_begun
            self._pace = self._pace.resumed(first, time.perf_counter(), load)
            self._load = load
        self._wake()
        self._resize(thread_count or load.concurrency)

    def stop(self, patience: float = 5.0) -> None:
        """End all threads; one that hangs in the user's backend is left behind."""
        self._end()
        end = time.perf_counter() + patience
        for thread in self._threads:
            thread.join(max(0.0, end - time.perf_counter()))

    @property
    def issued(self) -> int:
        """How many requests have been handed out."""
        return self._next

    @property
    def _first_not_begun(self) -> int:
        """The request from which another pace holds."""
        taken = self._gate.first_taken()
        return self.issued if taken is None else taken

    def _alive(self) -> int:
        return sum(thread.is_alive() for thread in self._threads)

    @property
    def finished(self) -> bool:
        """Say whether all threads have ended: the workload is through, or one failed."""
        return not any(thread.is_alive() for thread in self._threads)

    def histograms(self) -> dict[str, LatencyHistogram]:
        """Return the latencies so far by outcome, those of all threads together."""
        result: dict[str, LatencyHistogram] = {}
        for record in list(self._records):
            for outcome, histogram in list(record.items()):
                if outcome in result:
                    result[outcome].merge(histogram)
                else:
                    result[outcome] = histogram.copy()
        return result

    def _wake(self) -> None:
        """Let threads that wait for a request look again at what holds now."""
        changed, self._changed = self._changed, threading.Event()
        changed.set()

    def _resize(self, concurrency: int) -> None:
        self._wanted = concurrency
        for number in range(self._alive(), concurrency):
            record: dict[str, LatencyHistogram] = {}
            self._records.append(record)
            thread = threading.Thread(target=self._work, args=(number, record), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, number: int, record: dict[str, LatencyHistogram]) -> None:
        try:
            self._loop(number, record)
        except EndOfWorkload:
            self._end()
        except BaseException as error:  # noqa: BLE001  (told to the parent, which shows it)
            self.failure = error
            self._end()

    def _end(self) -> None:
        """Let every thread end before its next request."""
        self._stopped = True
        # Closed, so that each thread comes by; none stands there from now on.
        self._gate.end()
        self._wake()

    def _loop(self, number: int, record: dict[str, LatencyHistogram]) -> None:
        now = time.perf_counter
        ask = self._session.request
        held = self._session.held
        indices, gate = self._index, self._gate
        length, limit = self._pace.length, self._limit
        while number < self._wanted:
            if gate.closed:
                gate.stand(None)
                if self._stopped:
                    return
            index = next(indices)
            if limit is not None and index >= limit:
                return
            self._next = index + 1
            pace = self._pace
            if pace.rate is not None or pace.speedup is not None:
                due = self._wait(pace, index)
                if due is None:
                    return
                pace = self._pace
                started = due if self._open_loop else now()
            else:
                started = now()
            if pace.times is not None or pace.rate is not None:
                self._clock.set(pace.shown(index))
            outcome = ask(index % length, started)
            taken = now() - started
            if held is not None:
                taken = max(0.0, taken - held())
            histogram = record.get(outcome)
            if histogram is None:
                histogram = record[outcome] = LatencyHistogram()
            histogram.record(taken)

    def _wait(self, pace: Pace, index: int) -> float | None:
        """Wait until a request is due; return from when its latency counts, None at the end."""
        due = pace.due(index)
        spin = _SPIN_SECONDS if self._wanted == 1 else 0.0
        if due <= time.perf_counter():
            return due
        while True:
            # Taken before what it tells of is read: a change from here on is not missed.
            changed = self._changed
            if self._gate.closed:
                self._gate.stand(index)
                if self._stopped:
                    return None
            if self._pace is not pace:
                pace = self._pace
                due = pace.due(max(index, pace.index))
            left = due - time.perf_counter()
            if left <= 0:
                return time.perf_counter()
            if left > _LONGEST_SLEEP:
                changed.wait(left - _LONGEST_SLEEP / 2)
            elif left > spin:
                time.sleep(left - spin)


def _counted(record: Mapping[str, LatencyHistogram]) -> int:
    """Return how many requests a thread has recorded."""
    return sum(histogram.count for histogram in list(record.values()))
