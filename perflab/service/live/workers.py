"""`Workers`: the processes of a service, from here."""

from __future__ import annotations

import subprocess
import threading
import time
from multiprocessing.connection import Connection
from typing import Self

from perflab.errors import BadInputError
from perflab.lab.spawning import receive, spawn_module, status_in_words
from perflab.servers.keeper import Keeper
from perflab.service.live.job import (
    Go,
    Slower,
    StopAt,
    WorkerDone,
    WorkerFailed,
    WorkerJob,
    WorkerReady,
    WorkerRows,
)

_MODULE = "perflab.service.live.worker"
_END_SECONDS = 60.0
_HAND_OVER = 0.2
"""Seconds between the order and the change of processes, so that both know of it in time."""


class _Process:
    """One process, and what it said at last."""

    def __init__(self, job: WorkerJob, keeper: Keeper) -> None:
        self.job = job
        self._pipe: Connection
        self._process: subprocess.Popen[bytes]
        self._pipe, self._process = spawn_module(_MODULE, job, keeper)
        self._goes = False
        self._early: object = None

    def ready(self) -> None:
        """Wait until it has its stages.

        Raises:
            BadInputError: If a stage cannot be had.
            RuntimeError: If it died.
        """
        said = self._said()
        assert isinstance(said, WorkerReady)  # noqa: S101  (nothing else comes first)

    def tell(self, order: Go | StopAt | Slower) -> None:
        """Tell it to go, when to stop, or how slow what it asks is to be.

        Raises:
            RuntimeError: If it died.
        """
        try:
            self._pipe.send(order)
        except OSError:
            done = isinstance(order, (StopAt, Slower)) and self._process.wait(_END_SECONDS) == 0
            if done:
                return  # all of its requests, so that this concerns none
            raise self._died() from None
        self._goes = True

    def take(self) -> list[WorkerRows]:
        """Return what it has told since the last time; nothing before it goes."""
        found: list[WorkerRows] = []
        try:
            while self._goes and self._early is None and self._pipe.poll():
                said = self._pipe.recv()
                if isinstance(said, WorkerRows):
                    found.append(said)
                else:
                    self._early = said
        except (EOFError, OSError):
            self._goes = False  # it died, which `check` and `done` say
        return found

    def check(self) -> None:
        """Raise a `RuntimeError` if it died."""
        if self._process.poll() not in (None, 0):
            raise self._died()

    def done(self) -> WorkerDone:
        """Wait for what it has measured.

        Raises:
            RuntimeError: If it died.
        """
        said = self._said()
        assert isinstance(said, WorkerDone)  # noqa: S101  (nothing else follows)
        self._process.wait(_END_SECONDS)
        return said

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._pipe.close()

    def _said(self) -> object:
        said = self._early
        try:
            while said is None or isinstance(said, WorkerRows):
                said = receive(self._pipe, self._process)
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(said, WorkerFailed):
            text = f"worker {said.worker + 1}: {said.message}"
            raise BadInputError(said.message) if said.mistake else RuntimeError(text)
        return said

    def _died(self) -> RuntimeError:
        how = status_in_words(self._process.wait())
        return RuntimeError(f"worker {self.job.worker + 1} died ({how}); run it again")


class Workers:
    """All workers of a service; each may be followed by another process of its number.

    Raises:
        BadInputError: If a stage cannot be had.
        RuntimeError: If a process died.
    """

    def __init__(self, jobs: tuple[WorkerJob, ...]) -> None:
        self._keeper = Keeper.of_new_folder("perflab-service-")
        self._lock = threading.Lock()
        self._now: dict[int, _Process] = {}
        self._left: list[_Process] = []
        self._slower = Slower(1.0)
        try:
            for job in jobs:
                self._now[job.worker] = _Process(job, self._keeper)
            for process in self._now.values():
                process.ready()
        except BaseException:
            self.close()
            raise

    def start(self, zero: float, *, tells: bool = False) -> None:
        """Let requests come from a moment on, on the clock of `time.monotonic`.

        Args:
            zero: The moment.
            tells: Whether workers tell what they measure while they run; `take` must be called
                often then.
        """
        self._zero, self._tells = zero, tells
        for process in self._now.values():
            process.tell(Go(zero, tells=tells))

    def take(self) -> list[WorkerRows]:
        """Return what all have told since the last time."""
        there = (*self._left, *self._now.values())
        return [rows for process in there for rows in process.take()]

    def restart(self, worker: int) -> float:
        """Replace the process of a worker by another with nothing in its memory.

        It is made ready first, as a deploy does; requests that are under way end in the old one.

        Returns:
            When the new one took over, in seconds from the first request on.
        """
        with self._lock:
            old = self._now[worker]
            fresh = _Process(old.job, self._keeper)
            self._left.append(fresh)
            fresh.ready()
            at = time.monotonic() - self._zero + _HAND_OVER
            old.tell(StopAt(at))
            fresh.tell(Go(self._zero, at, self._tells))
            if self._slower.times != 1:
                fresh.tell(self._slower)
            self._left.remove(fresh)
            self._left.append(old)
            self._now[worker] = fresh
        return at

    def slow(self, times: float) -> None:
        """Let what the last layer of each asks take so many times as long from now on."""
        with self._lock:
            self._slower = Slower(times)
            for process in self._now.values():
                process.tell(self._slower)

    def check(self) -> None:
        """Raise a `RuntimeError` if one died."""
        for process in self._now.values():
            process.check()

    def stop(self) -> None:
        """Let no more requests come."""
        at = time.monotonic() - self._zero
        with self._lock:
            for process in self._now.values():
                process.tell(StopAt(at))

    def done(self) -> list[WorkerDone]:
        """Wait for all processes, and return what they have measured."""
        return [process.done() for process in (*self._left, *self._now.values())]

    def close(self) -> None:
        """End all."""
        for process in (*self._left, *self._now.values()):
            process.close()
        self._keeper.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
