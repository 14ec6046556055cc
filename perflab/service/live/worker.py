"""The process of one worker: threads that do its requests when they are due."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import pickle
import sys
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, cast

import numpy as np

from perflab.bench.living import (
    Layer,
    LayerFailedError,
    LayerRefusedError,
    LayerTimeoutError,
    LivingStage,
    SlowingLayer,
)
from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.lab.orphan import Orphan
from perflab.operations import Operation
from perflab.servers.keeper import keep_scratch_folders
from perflab.servers.keeper_process import MARK
from perflab.service.layout import ServiceStage, stage_settings
from perflab.service.live.job import (
    Floats,
    Go,
    Slower,
    StopAt,
    WorkerDone,
    WorkerFailed,
    WorkerJob,
    WorkerReady,
    WorkerRows,
)

_TIMED_OUT, _REFUSED, _OTHER, _FAILED = 1.0, 2.0, 3.0, 4.0
_NONE = math.nan
_LOOK_SECONDS = 0.02
_TELL_SECONDS = 0.25


class _Request(threading.local):
    """What is known of the request that this thread does."""

    deepest = 0.0
    wait = began = lasted = _NONE
    inner = 0.0
    ttl: float | None = None


class Worker:
    """Does a worker's requests through its layers.

    Args:
        job: What it does.

    Raises:
        BadInputError: If a layer cannot be had.
    """

    def __init__(self, job: WorkerJob) -> None:
        self._job = job
        self._here = _Request()
        self._next = itertools.count()
        self._rows: list[tuple[float, ...]] = []
        self._last = math.inf
        self.problem: str | None = None
        self._layers: list[Layer] = []
        self._queried = True
        for stage in job.stages:
            bench = load_bench(stage.bench)
            settings = stage_settings(stage.bench).read(stage.settings)
            of = cast("LivingStage[Any]", bench.stage)
            # Behind calls, nothing is asked.
            self._queried = ServiceStage(stage.bench, settings).place is not Place.CALL
            self._layers.append(of.layer(settings, stage.address, self._note))

    def run(self, go: Go, pipe: Connection) -> None:
        """Do the requests that come while it is this process' turn."""
        zero = go.zero
        first = int(np.searchsorted(self._job.times, go.first))
        self._next = itertools.count(first)
        threads = [
            threading.Thread(target=self._work, args=(zero,), daemon=True)
            for _ in range(self._job.threads)
        ]
        for thread in threads:
            thread.start()
        told, due = 0, time.monotonic() + _TELL_SECONDS
        while any(thread.is_alive() for thread in threads):
            if pipe.poll(_LOOK_SECONDS):
                order = pipe.recv()
                if isinstance(order, StopAt):
                    self._last = order.last
                elif isinstance(order, Slower):
                    cast("SlowingLayer", self._layers[-1]).slow(order.times)
            if go.tells and time.monotonic() >= due:
                told, due = self._tell(pipe, told), time.monotonic() + _TELL_SECONDS

    def done(self) -> WorkerDone:
        """Return what was measured."""
        return WorkerDone(self._job.worker, *self._since(0), self.problem)

    def _tell(self, pipe: Connection, told: int) -> int:
        """Tell what was measured after so many rows; return how many are told by then."""
        rows, own = self._since(told)
        if len(rows):
            pipe.send(WorkerRows(self._job.worker, rows, own))
        return told + len(rows)

    def _since(self, told: int) -> tuple[Floats, Floats]:
        found = np.array(self._rows[told:], np.float64).reshape(-1, 8 + len(self._layers))
        return found[:, :8], found[:, 8:]

    def close(self) -> None:
        """Let go of the layers."""
        for layer in self._layers:
            with contextlib.suppress(Exception):
                layer.close()

    def _note(self, wait: float, began: float, lasted: float) -> None:
        here = self._here
        here.wait, here.began, here.lasted = wait, began, lasted

    def _work(self, zero: float) -> None:
        job, here, now = self._job, self._here, time.monotonic
        times, stages = job.times, len(self._layers)
        while (index := next(self._next)) < len(times):
            due = float(times[index])
            # Before it is due: what is read of it is no part of its latency.
            operation, key = self._request(index)
            if due >= self._last:
                return
            # It may be told to stop while it waits for a request that is another's then.
            while (left := zero + due - now()) > 0:
                time.sleep(min(left, 0.1))
                if due >= self._last:
                    return
            here.deepest, here.wait, here.began, here.lasted = 0.0, _NONE, _NONE, _NONE
            took = [_NONE] * stages
            failure = self._do(operation, key, took)
            ended = now()
            # What it took beside its stages is the thread's, as its waking up is.
            begun = ended - sum(each for each in took if not math.isnan(each))
            row = (job.places[index], begun - zero, ended - zero, here.deepest, failure)
            self._rows.append((*row, here.wait, here.began - zero, here.lasted, *took))

    def _request(self, index: int) -> tuple[Operation, str]:
        """Return what a request does and its key, and note how long what it writes lives."""
        job = self._job
        ttl = job.ttls[index] if len(job.ttls) else math.nan
        self._here.ttl = None if math.isnan(ttl) else float(ttl)
        operation = Operation(job.operations[index]) if len(job.operations) else Operation.GET
        return operation, str(job.keys[index])

    def _do(self, operation: Operation, key: str, took: list[float]) -> float:
        """Do a request, and return how it failed."""
        try:
            if operation is Operation.GET:
                self._ask(0, key, took)
            else:
                self._write(operation, key, took)
        except LayerTimeoutError:
            return _TIMED_OUT
        except LayerRefusedError:
            return _REFUSED
        except Exception as error:  # noqa: BLE001  (a request may fail in any way)
            self.problem = self.problem or foreign_text(error)
            return _FAILED if isinstance(error, LayerFailedError) else _OTHER
        return 0.0

    def _ask(self, level: int, key: str, took: list[float]) -> object:
        """Ask a layer, and note what it takes itself, without what is behind it."""
        here = self._here
        here.deepest = max(here.deepest, float(level))
        if level == len(self._layers):
            if self._queried:
                self._note(0.0, time.monotonic(), 0.0)  # what is behind a pool, it notes itself
            return key
        before, here.inner = here.inner, 0.0
        began = time.monotonic()
        try:
            behind = partial(self._ask, level + 1, key, took)
            return self._layers[level].answer(key, behind, here.ttl)
        finally:
            whole = time.monotonic() - began
            took[level] = whole - here.inner
            here.inner = before + whole

    def _write(self, operation: Operation, key: str, took: list[float]) -> None:
        """Do to each layer what a request does that does not look anything up."""
        here = self._here
        for level, layer in enumerate(self._layers):
            here.deepest, began = float(level), time.monotonic()
            try:
                layer.write(operation, key, here.ttl)
            finally:
                took[level] = time.monotonic() - began
        if operation is Operation.WRITE and math.isnan(here.began) and self._queried:
            self._note(0.0, time.monotonic(), 0.0)


def main() -> None:
    """Run the job that comes through the pipe whose number is the first argument."""
    os.environ.pop(MARK, None)
    number = int(sys.argv[1])
    Orphan(number).watch()
    pipe = Connection(number)
    worker: Worker | None = None
    told = -1
    try:
        job = pickle.loads(pipe.recv_bytes())  # noqa: S301  (from our own parent)
        told = job.worker
        keep_scratch_folders()
        worker = Worker(job)
        sys.setswitchinterval(0.001)
        pipe.send(WorkerReady(told))
        order = pipe.recv()
        if isinstance(order, Go):
            worker.run(order, pipe)
        pipe.send(worker.done())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except BaseException as error:  # noqa: BLE001  (told to the parent, which shows it)
        mistake = isinstance(error, BadInputError)
        message = str(error) if mistake else f"{type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            pipe.send(WorkerFailed(told, message, mistake))
    if worker is not None:
        worker.close()
    os._exit(0)
