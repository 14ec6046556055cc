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

from perflab.bench.living import Layer, LayerRefusedError, LayerTimeoutError, LivingStage
from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.lab.orphan import Orphan
from perflab.servers.keeper import keep_scratch_folders
from perflab.servers.keeper_process import MARK
from perflab.service.live.job import (
    Go,
    StopAt,
    WorkerDone,
    WorkerFailed,
    WorkerJob,
    WorkerReady,
)

_TIMED_OUT, _REFUSED, _OTHER = 1.0, 2.0, 3.0
_NONE = math.nan
_LOOK_SECONDS = 0.02


class _Request(threading.local):
    """What is known of the request that this thread does."""

    deepest = 0.0
    wait = began = lasted = _NONE
    inner = 0.0


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
        for stage in job.stages:
            bench = load_bench(stage.bench)
            settings = bench.identity.settings_class.read(stage.settings)
            of = cast("LivingStage[Any]", bench.stage)
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
        while any(thread.is_alive() for thread in threads):
            if pipe.poll(_LOOK_SECONDS):
                order = pipe.recv()
                if isinstance(order, StopAt):
                    self._last = order.last

    def done(self) -> WorkerDone:
        """Return what was measured."""
        found = np.array(self._rows, np.float64).reshape(-1, 8 + len(self._layers))
        return WorkerDone(self._job.worker, found[:, :8], found[:, 8:], self.problem)

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
        times, keys, stages = job.times, job.keys, len(self._layers)
        while (index := next(self._next)) < len(times):
            due = float(times[index])
            if due >= self._last:
                return
            # It may be told to stop while it waits for a request that is another's then.
            while (left := zero + due - now()) > 0:
                time.sleep(min(left, 0.1))
                if due >= self._last:
                    return
            here.deepest, here.wait, here.began, here.lasted = 0.0, _NONE, _NONE, _NONE
            took = [_NONE] * stages
            begun, failure = now(), 0.0
            try:
                self._ask(0, str(keys[index]), took)
            except LayerTimeoutError:
                failure = _TIMED_OUT
            except LayerRefusedError:
                failure = _REFUSED
            except Exception as error:  # noqa: BLE001  (a request may fail in any way)
                failure = _OTHER
                self.problem = self.problem or foreign_text(error)
            ended = now()
            row = (job.places[index], begun - zero, ended - zero, here.deepest, failure)
            self._rows.append((*row, here.wait, here.began - zero, here.lasted, *took))

    def _ask(self, level: int, key: str, took: list[float]) -> object:
        """Ask a layer, and note what it takes itself, without what is behind it."""
        here = self._here
        here.deepest = max(here.deepest, float(level))
        if level == len(self._layers):
            self._note(0.0, time.monotonic(), 0.0)  # what is behind a pool, it notes itself
            return key
        before, here.inner = here.inner, 0.0
        began = time.monotonic()
        try:
            return self._layers[level].answer(key, partial(self._ask, level + 1, key, took))
        finally:
            whole = time.monotonic() - began
            took[level] = whole - here.inner
            here.inner = before + whole


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
