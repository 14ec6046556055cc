"""`Recording`: takes requests from a running service and writes them in the background."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from itertools import count
from numbers import Real
from typing import Any, Self

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import parse_quantity
from perflab.workloads.recording.columns import GrowingColumns, Row, below
from perflab.workloads.recording.format import Facts
from perflab.workloads.recording.keys import EVERY_KEY, PLACES, key_number
from perflab.workloads.recording.left_out import LeftOut
from perflab.workloads.recording.operations import FLUSH
from perflab.workloads.recording.parts import RecordingFolder

FLUSH_SECONDS = 1.0
PART_ROWS = 1 << 16
# The writer is woken early by so many rows; above the second number rows are dropped, counted.
WAKE_ROWS = 20_000
MOST_WAITING = 1_000_000
LEAST_BYTES = 1 << 16
GET = int(Operation.GET)

_log = logging.getLogger("perflab.recording")
_live: weakref.WeakSet[Recording] = weakref.WeakSet()


class Recording:
    """A running recording: a spatial sample of keys, with what was asked of them and when.

    A key is in the sample by its hash, with all of its requests, as in Waldspurger et al.,
    "Efficient MRC Construction with SHARDS", FAST 2015. When the folder reaches `max_bytes`, the
    rate is halved and what was written is thinned to it: the whole stays one sample, of the whole
    time. Nothing that goes wrong here reaches the service: it is logged, and recording ends.

    Whoever asks for a key that is not in the sample does ``next(recording.passed)``: each part says
    how many requests there were in all, since that says whether the popular keys were drawn.

    Args:
        path: The folder, as in `RecordingFolder`.
        sample: The share of keys, above 0 up to 1.
        max_bytes: The most that the folder takes, such as ``64MiB``; parts that perflab 0.1.0
            left there come on top.
        secret: Bytes, at most 64, that the hashes of keys depend on: without them, whoever has
            the recording can test whether a guessed key is in it.

    Raises:
        BadInputError: If a value is out of bounds, or the folder cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample: float = 1.0,
        max_bytes: int | str = "64MiB",
        secret: bytes = b"",
    ) -> None:
        _check(path, sample, secret)
        self._most = int(parse_quantity(max_bytes, "bytes"))
        if self._most < LEAST_BYTES:
            raise BadInputError(f"is below {LEAST_BYTES // 1024} KiB", "max_bytes")
        self.path = path
        # Read at every request: the keys of places below it are recorded.
        self.limit = max(1, round(sample * PLACES))
        self.failure: str | None = None
        # How many caches, functions and clients are recorded here.
        self.users = 0
        self._sample = self.limit
        self._secret = secret
        self._stopped = False
        self._folder = RecordingFolder(path)
        self._begin()
        _live.add(self)
        atexit.register(self.stop)

    def add(
        self,
        data: bytes,
        place: int,
        *,
        code: int = GET,
        hit: bool | None = None,
        size: int | None = None,
        ttl: float | None = None,
    ) -> None:
        """Take one request of a key in the sample.

        Args:
            data: The key, from `key_bytes`.
            place: Its place, from `place_of`.
            code: What was done: of `Operation`, or of `perflab.workloads.recording.operations`.
            hit: Whether it was there, where that is known.
            size: The bytes of the value, where they are known.
            ttl: The seconds that a value was written for, where there are any; infinite for ever.
        """
        waiting = self._waiting
        if len(waiting) >= WAKE_ROWS:
            self._wake.set()
            if len(waiting) >= MOST_WAITING:
                self.dropped += 1
                return
        number = key_number(data, place, self._secret)
        waiting.append((number, time.time(), code, hit, size, ttl))

    def flush_keys(self, name: str) -> None:
        """Take a removal of all keys; counted by name alone where others are recorded here too."""
        if self.users > 1:
            self.leave_out("removal", name)
        elif self.limit and len(self._waiting) < MOST_WAITING:
            self._waiting.append((EVERY_KEY, time.time(), FLUSH, None, None, None))

    def leave_out(self, kind: str, name: str) -> None:
        """Count what is not replayed, as in `LeftOut.add`; nothing once the recording ended."""
        if self.limit:
            self._left_out.add(kind, name)

    @property
    def sample_rate(self) -> float:
        """The share of keys that is recorded, as it is now."""
        return self._sample / PLACES

    def stats(self) -> dict[str, Any]:
        """Return rows written and dropped, requests in all, rate, bytes, and why it ended.

        `unkeyed` are calls that passed through since no key could be made of their arguments; they
        are among no others.
        """
        return {
            "rows": self.rows,
            "dropped": self.dropped,
            "requests": self._requests_before + self._requests,
            "unkeyed": self._unkeyed_before + self._unkeyed,
            "sample_rate": self.sample_rate,
            "bytes": self._folder.bytes(),
            "failure": self.failure,
        }

    def flush(self) -> None:
        """Write what was taken up to now."""
        with self._writing:
            if self.failure is not None:
                return
            try:
                self._write()
            except Exception as error:  # noqa: BLE001 - the service goes on whatever happens here
                self.limit = 0
                self.failure = f"{type(error).__name__}: {error}"
                self._waiting.clear()
                _log.warning("recording into %s ended: %s", self.path, self.failure)

    def stop(self) -> dict[str, Any]:
        """Write the rest, end the recording, and return its `stats`; what was wrapped works on."""
        self.limit = 0
        self._stopped = True
        # From now on requests step a counter that nobody reads.
        self.passed = count()
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        self.flush()
        atexit.unregister(self.stop)
        _live.discard(self)
        return self.stats()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _begin(self) -> None:
        """Start a session: at the start, and in a process that was forked."""
        self._renew()
        # So that it can be read from now on.
        try:
            self._put()
        except OSError as error:
            text = f"cannot be written ({error.strerror}); name another folder"
            raise BadInputError(text, str(self.path)) from None
        self._thread.start()

    def _renew(self) -> None:
        """Take nothing over, of another process least of all: its locks may be held for ever."""
        self.rows = 0
        self.dropped = 0
        # A step is one call into C, so that threads lose none.
        self.passed = self._counted = count()
        self._next_count = 0
        self._requests_before = 0
        self._requests = 0
        self._unkeyed_before = 0
        self._unkeyed = 0
        self._waiting: deque[Row] = deque()
        self._part = GrowingColumns()
        self._left_out = LeftOut()
        self._number = 0
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="perflab-recording", daemon=True)

    def _run(self) -> None:
        while not self._stopped and self.failure is None:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def _write(self) -> None:
        rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
        passed = self._passed_since()
        self._requests += passed + sum(row[2] == GET for row in rows)
        left_out = self._left_out.take()
        self._unkeyed = sum(self._left_out.counts().get("unkeyed", {}).values())
        if not rows and not left_out and not (self._stopped and passed):
            return
        self._part.add(rows)
        self._put()
        self.rows += len(rows)
        while self._folder.bytes(thinned=True) > self._most and self._sample > 1:
            self._halve()
        if len(self._part) >= PART_ROWS:
            self._part = GrowingColumns()
            self._left_out = self._left_out.following()
            self._number += 1
            self._requests_before += self._requests
            self._requests = 0
            self._unkeyed_before += self._unkeyed
            self._unkeyed = 0

    def _passed_since(self) -> int:
        """Return how many requests passed by since this was last asked; asking is a step too."""
        now = next(self._counted)
        passed = now - self._next_count
        self._next_count = now + 1
        return passed

    def _put(self) -> None:
        # What was dropped tells nothing of its hits, so a total would say too much.
        requests = None if self.dropped else self._requests
        counts = self._left_out.counts()
        facts = Facts(self._sample, requests, counts)
        self._folder.write(self._number, self._part.columns(), facts)

    def _halve(self) -> None:
        self._sample //= 2
        if self.limit:
            self.limit = self._sample
        self._part = GrowingColumns(below(self._part.columns(), self._sample))
        self._put()
        self._folder.thin(self._sample, self._number)

    def _go_on(self) -> None:
        """Start a session in a process that was forked; it ends where the folder is gone."""
        self._renew()
        if self._stopped or self.failure is not None:
            return
        try:
            self._folder = RecordingFolder(self.path, make=False)
            self._begin()
        except Exception as error:  # noqa: BLE001 - the service goes on whatever happens here
            self.limit = 0
            self.failure = f"{type(error).__name__}: {error}"


def _check(path: object, sample: object, secret: object) -> None:
    if not isinstance(path, (str, os.PathLike)):
        raise BadInputError(f"must be the path of a folder, and {path!r} is none", "path")
    if not isinstance(sample, Real) or isinstance(sample, bool) or not 0 < float(sample) <= 1:
        raise BadInputError(f"{sample!r} is not a share of keys, above 0 up to 1", "sample")
    if not isinstance(secret, bytes):
        raise BadInputError("must be bytes, such as secrets.token_bytes(32)", "secret")
    if len(secret) > 64:
        raise BadInputError("has more than 64 bytes", "secret")


def _go_on_after_fork() -> None:
    for recording in list(_live):
        recording._go_on()  # noqa: SLF001 - of this very class


os.register_at_fork(after_in_child=_go_on_after_fork)
