"""The child process of a live run: it reads its job from a pipe."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from perflab.bench.pace import Pace
from perflab.bench.registry import load_bench
from perflab.bench.replay import WRITE_OUTCOMES
from perflab.bench.session import AnySession, Load
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.lab.job import Act, Acted, Ended, Failed, Job, Ready
from perflab.lab.load import PATIENCE, LoadGenerator
from perflab.lab.orphan import CLOSED, ORPHANED, Orphan, OrphanedError
from perflab.lab.snapshot import Snapshot
from perflab.primitives.clock import VirtualClock
from perflab.servers.consent import confine, contact
from perflab.servers.keeper import keep_scratch_folders

if TYPE_CHECKING:
    from perflab.workloads.kinds.workload import Workload

_FEWEST_ERRORS = 20
_NOT_CLOSED = 4
_BRIEFLY = 0.02


class Child:
    """Runs a session under a load, sends snapshots up and takes settings from the parent.

    Up the pipe go `Ready`, once "go" has come down a `Snapshot` every interval, an `Acted` for
    each action, and at the end `Ended`, or `Failed` in its place. Down go settings as a mapping,
    an `Act`, "pause", "resume" and "stop".
    """

    def __init__(self, job: Job, pipe: Connection, orphan: Orphan) -> None:
        self._pipe = pipe
        self._orphan = orphan
        # An action reports from a thread of its own, and messages must not mix in the pipe.
        self._sending = threading.Lock()
        self._job = job
        self._bench = load_bench(job.pattern)
        self._settings, self._load = self._bench.read(job.settings)
        confine(job.agreed)
        for server in self._bench.foreign_servers(self._settings):
            contact(server.address)
        self._clock = VirtualClock()
        self._session: AnySession
        self._generator: Load
        self._version = 0
        self._started = 0.0
        # Since when it is paused, and the seconds of the pauses before: replaced together, as the
        # thread of an action asks for the time, too.
        self._pauses: tuple[float | None, float] = (None, 0.0)
        # Of what was under way at the last changes: each says whether that still is.
        self._earlier: list[Callable[[], bool]] = []

    def set_up(self) -> None:
        """Open the workload and set up the session and what drives it.

        Raises:
            BadInputError: If a backend or server is not right.
        """
        job = self._job
        workload = self._bench.workload_kind.open(job.workload)
        _map_in(workload)
        pace = Pace.of(workload, self._load, time.perf_counter())
        if pace.times is not None:
            self._clock.set(pace.times[0])
        self._session = self._bench.session(
            self._settings, self._load, workload, self._clock, job.run_name
        )
        self._session.spend(job.spent)
        self._generator = self._session.own_load(pace, self._load, job.limit) or LoadGenerator(
            self._session,
            pace,
            self._load,
            self._clock,
            job.limit,
            open_loop=self._bench.live.open_loop,
            thread_count=self._bench.live.thread_count(self._settings, self._load),
        )

    def run(self) -> None:
        """Run until the job is done, then tell why."""
        self._started = time.perf_counter()
        self._send(Ready(self._session.about()))
        early = self._orders_before_go()
        if "stop" in early:
            self._send(self._snapshot("end"))
            self._send(Ended("stopped"))
            return
        sys.setswitchinterval(0.001)
        self._started = time.perf_counter()
        self._generator.start()
        for order in early:
            self._obey(order)
        reason = self._watch()
        self._generator.stop()
        if self._generator.failure is not None:
            raise self._generator.failure
        problem = self._session.problem()
        if problem is not None and self._hopeless(1):
            raise BadInputError(problem, "backend")
        self._send(self._snapshot("end"))
        self._send(Ended(reason, problem, self._session.records(), self._session.by_url()))

    def close(self) -> None:
        """Let go of what the session holds and remove what it wrote; no load goes on after it."""
        if hasattr(self, "_generator"):
            self._generator.stop()
        if hasattr(self, "_session"):
            self._session.close()

    def _orders_before_go(self) -> list[object]:
        """Return what the parent said while this was set up: a slider may have moved since."""
        early: list[object] = []
        while (order := self._pipe.recv()) != "go":
            early.append(order)
            if order == "stop":
                break
        return early

    def _watch(self) -> str:
        warm = self._load.warmup_seconds <= 0
        due = self._started
        while True:
            due = max(due + self._job.interval, time.perf_counter())
            while (left := due - time.perf_counter()) > 0 and not self._generator.finished:
                if self._orphan.ending:
                    raise OrphanedError
                if self._pipe.poll(min(left, 0.02)) and self._obey(self._pipe.recv()):
                    return "stopped"
            if self._generator.finished:
                return "workload through"
            if self._earlier and not any(is_under_way() for is_under_way in self._earlier):
                self._earlier.clear()
                with self._between_requests():
                    settled = self._snapshot("settled")
                self._send(settled)
            elif not warm and self._seconds() >= self._load.warmup_seconds:
                warm = True
                self._send(self._snapshot("warm"))
            else:
                self._send(self._snapshot())
            if self._job.seconds is not None and self._seconds() >= self._job.seconds:
                return "seconds over"
            problem = self._session.problem()
            if problem is not None and self._hopeless(_FEWEST_ERRORS):
                raise BadInputError(problem, "backend")

    def _hopeless(self, fewest: int) -> bool:
        """Say whether the session has had errors and nothing else."""
        histograms = self._generator.histograms()
        failed = histograms.pop("error", None)
        done = histograms.keys() - WRITE_OUTCOMES
        return failed is not None and failed.count >= fewest and not done

    def _obey(self, order: object) -> bool:
        """Do what the parent says; return whether it is to stop."""
        if order == "stop":
            return True
        paused_at, paused = self._pauses
        if order == "pause" and paused_at is None:
            self._generator.pause()
            self._pauses = time.perf_counter(), paused
        elif order == "resume" and paused_at is not None:
            self._pauses = None, paused + time.perf_counter() - paused_at
            self._generator.resume()
        elif isinstance(order, Act):
            threading.Thread(target=self._act, args=(order.name,), daemon=True).start()
        elif isinstance(order, dict):
            self._settings, self._load = self._bench.read(order)
            with self._between_requests() as late:
                self._session.apply(self._settings, self._load)
                self._generator.apply(
                    self._load, self._bench.live.thread_count(self._settings, self._load)
                )
                self._version += 1
                snapshot = self._snapshot("change")
            self._send(snapshot)
            self._earlier += [each for each in (late, self._session.under_way()) if each]
        return False

    @contextlib.contextmanager
    def _between_requests(self) -> Iterator[Callable[[], bool] | None]:
        """Hold the load between two requests, so that each goes by the settings it began with.

        One that takes too long is not waited for. Where a bench's shadow follows what waits
        through a change, nothing is held; in an open loop, as little as it takes to tell which
        threads have nothing to do.

        Yields:
            What says whether a request from before still is under way, if one is.
        """
        plan, load = self._bench.shadow, self._generator
        if not isinstance(load, LoadGenerator) or (plan is not None and not plan.holds):
            yield None
            return
        patience = _BRIEFLY if plan is None and self._bench.live.open_loop else PATIENCE
        with load.between_requests(patience) as held:
            yield None if held else load.under_way()

    def _act(self, name: str) -> None:
        problem = None
        try:
            self._session.act(name)
        except Exception as error:  # noqa: BLE001  (told to the parent; the run goes on)
            problem = str(error)
        # The run may have ended meanwhile, and then nobody listens.
        with contextlib.suppress(OSError):
            self._send(Acted(name, self._seconds(), problem))

    def _send(self, message: object) -> None:
        with self._sending:
            self._pipe.send(message)

    def _seconds(self) -> float:
        paused_at, paused = self._pauses
        now = time.perf_counter() if paused_at is None else paused_at
        return now - self._started - paused

    def _snapshot(self, mark: str = "") -> Snapshot:
        histograms = self._generator.histograms()
        return Snapshot(
            seconds=self._seconds(),
            requests=sum(histogram.count for histogram in histograms.values()),
            shown_seconds=self._clock.now(),
            counters=self._session.counters(),
            histograms=histograms,
            distributions=self._session.distributions(),
            version=self._version,
            mark=mark,
            server_up=self._session.server_up(),
        )


def _map_in(workload: Workload) -> None:
    """Touch every page of a mapped workload now, so that the run's memory is the pattern's own.

    All its arrays of a value a request are touched, whatever they are called.
    """
    fields = getattr(type(workload), "__dataclass_fields__", {})
    for name in dict.fromkeys((*fields, *getattr(workload, "__dict__", {}))):
        values: Any = getattr(workload, name, None)
        is_array = hasattr(values, "__array_interface__") and hasattr(values, "itemsize")
        if is_array and values.shape[:1] == (len(workload),):
            values[:: max(1, 4096 // values.itemsize)].sum()


def run_job(number: int, orphan: Orphan) -> None:
    """Run the job that comes through a pipe, and end this process.

    Its status is `CLOSED` where all that the run made on a server was removed.
    """
    pipe = Connection(number)
    child: Child | None = None
    folder: str | None = None
    failed: Failed | None = None
    code = CLOSED
    try:
        try:
            job = pickle.loads(pipe.recv_bytes())  # noqa: S301  (from our own parent)
            folder = job.folder
            keep_scratch_folders(covered=folder)
            with naming_extra():
                child = Child(job, pipe, orphan)
                orphan.set_up()
                child.set_up()
                orphan.is_set_up()
                child.run()
        except (EOFError, BrokenPipeError, ConnectionResetError, OrphanedError):
            code = ORPHANED
        except BadInputError as error:
            failed = Failed(str(error), mistake=True)
        except BaseException as error:  # noqa: BLE001  (told to the parent, which shows it)
            message = f"{type(error).__name__}: {error}"
            failed = Failed(message, mistake=False, details=traceback.format_exc())
        # From here on nothing interrupts: a parent that hears of a failure ends this process.
        orphan.is_set_up()
    except OrphanedError:
        code = ORPHANED
    if failed is not None:
        _tell(pipe, failed)
    try:
        if child is not None:
            child.close()
    except Exception:  # noqa: BLE001  (its status tells the parent to remove what is left)
        code = _NOT_CLOSED
    if code == ORPHANED and folder is not None:
        # The keeper does so too, where it lives.
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(code)


def _tell(pipe: Connection, message: Failed) -> None:
    # The parent may be gone; what is to be closed is closed all the same.
    with contextlib.suppress(OSError):
        pipe.send(message)
