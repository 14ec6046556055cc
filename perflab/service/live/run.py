"""`run_service`: a service on real servers, beside what was predicted of it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from perflab.bench.living import Backing, LivingStage
from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.kernels.chain.flights import Happening
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.service.incoming import Incoming, incoming
from perflab.service.live.job import StageJob, WorkerJob
from perflab.service.live.measured import Measured, measured_of
from perflab.service.live.refitted import refitted, through
from perflab.service.live.result import ServiceEvent, ServiceRun, service_run
from perflab.service.live.workers import Workers
from perflab.service.scenarios.feedback import Chain, chain_of
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.play import flows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perflab.service.layout import ServiceLayout
    from perflab.service.scenarios.base import Happenings, Scenario

MOST_WORKERS = 16
ENDED_EARLY = "ended early: requests that had not come were not made"
_THREADS = 32
_START_SECONDS = 0.5
_WORDS = {
    Happening.REMOTE_DOWN: "the shared cache was killed",
    Happening.REMOTE_UP: "the shared cache came back, empty",
    Happening.RESTART: "worker {} was restarted",
}


@naming_extra("cli")
def run_service(
    service: ServiceLayout,
    workload: object = None,
    scenario: str | Scenario | None = None,
    seconds: float = 20.0,
    *,
    progress: Callable[[float, float], object] | None = None,
) -> ServiceRun:
    """Run a service: each worker in a process, before real servers of perflab's own.

    Requests come when they come, however long others take. What happens in a scenario really
    happens: a server is killed and started again, a worker is another process. An interrupt ends
    it early, with what was measured until then.

    Args:
        service: The service.
        workload: As `Service.predict` takes it.
        scenario: What happens, if anything does.
        seconds: How long requests come.
        progress: Told of the seconds so far and of all.

    Raises:
        BadInputError: If the workload, scenario or service cannot be run.
        RuntimeError: If a worker died.
    """
    if service.settings.processes > MOST_WORKERS:
        text = f"is for {MOST_WORKERS} workers at most; set fewer replicas or workers"
        raise BadInputError(text, "a run of a service")
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise BadInputError("must be a number above 0", "seconds")
    chosen = None if scenario is None else read_scenario(scenario)
    if chosen is not None:
        chosen.check([stage.place for stage in service.stages])
    whole = _first(incoming(service, workload), seconds)
    steps: Happenings = [] if chosen is None else chosen.happenings(whole)
    if any(kind is Happening.SLOWER for _, kind, _ in steps):
        raise BadInputError("is predicted only: a database cannot be made slower", str(scenario))
    came = whole if chosen is None else chosen.arriving(whole)
    ready = chain_of(service, whole, flows_of(service, whole))
    events: Happenings = []
    with contextlib.ExitStack() as opened:
        backings = dict(_backings(service, opened))
        about = {bench: backing.about for bench, backing in backings.items()}
        jobs = tuple(_jobs(service, came, backings))
        workers = opened.enter_context(Workers(jobs))
        zero = time.monotonic() + _START_SECONDS
        workers.start(zero)
        steering = _Steering(service, workers, backings, zero, steps, events)
        steering.start()
        interrupted = not _wait(workers, zero, float(came.requests.times[-1]), progress)
        steering.end()
        done = workers.done()
    places = [stage.place for stage in service.stages]
    measured = measured_of(done, came.requests.times, places)
    problem = next((each.problem for each in done if each.problem), None)
    said = [*([f"first failure: {problem}"] if problem else [])]
    said += [ENDED_EARLY] if interrupted else []
    return _result(service, came, ready, measured, events, chosen, about, said)


def _first(came: Incoming, seconds: float) -> Incoming:
    """Return the requests of the first seconds.

    Raises:
        BadInputError: If there are fewer than two.
    """
    count = int(np.searchsorted(came.requests.times, seconds, side="right"))
    if count < 2:
        text = "has fewer than two requests in that time; run for longer, or set a higher rate"
        raise BadInputError(text, came.workload.name)
    requests = requests_at(came.requests, np.arange(count))
    if requests.operations is not None and requests.operations.any():
        text = "holds writes or removals, which a run of a service does not do yet"
        raise BadInputError(text, came.workload.name)
    return dataclasses.replace(
        came,
        requests=requests,
        workers=came.workers[:count],
        seconds=min(seconds, came.seconds),
    )


def _backings(
    service: ServiceLayout, opened: contextlib.ExitStack
) -> Iterator[tuple[str, Backing]]:
    for stage in service.stages:
        of = load_bench(stage.bench).stage
        if not hasattr(of, "layer"):
            raise BadInputError("cannot be a stage of a running service yet", stage.bench)
        living = cast("LivingStage[Any]", of)
        backing = living.backing(stage.settings, service.settings.processes)
        if backing is not None:
            opened.callback(backing.close)
            yield stage.bench, backing


def _jobs(
    service: ServiceLayout, came: Incoming, backings: dict[str, Backing]
) -> Iterator[WorkerJob]:
    stages = tuple(
        StageJob(
            stage.bench,
            stage.settings.model_dump(),
            backings[stage.bench].address if stage.bench in backings else {},
        )
        for stage in service.stages
    )
    for worker in range(came.processes):
        places = np.flatnonzero(came.workers == worker)
        requests = came.requests
        yield WorkerJob(
            worker, stages, places, requests.times[places], requests.keys[places], _THREADS
        )


def _wait(
    workers: Workers,
    zero: float,
    last: float,
    progress: Callable[[float, float], object] | None,
) -> bool:
    """Wait until the last request has come; return whether it has, or say that no more come."""
    try:
        while (left := zero + last - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
            workers.check()
            if progress is not None:
                progress(min(max(time.monotonic() - zero, 0.0), last), last)
    except KeyboardInterrupt:
        workers.stop()
        return False
    return True


class _Steering:
    """Lets happen what is to happen, when it is to, and notes when it did."""

    def __init__(
        self,
        service: ServiceLayout,
        workers: Workers,
        backings: dict[str, Backing],
        zero: float,
        steps: Happenings,
        events: Happenings,
    ) -> None:
        shared = next((s.bench for s in service.stages if s.place is Place.SHARED), "")
        self._shared = backings.get(shared)
        self._workers, self._zero, self._steps = workers, zero, steps
        self._events = events
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._steer, daemon=True, name="perflab-steering")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Wait for what is under way; raise what went wrong."""
        self._ended.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _steer(self) -> None:
        try:
            for when, kind, value in sorted(self._steps, key=lambda step: step[0]):
                if self._ended.wait(max(0.0, self._zero + when - time.monotonic())):
                    return
                at = self._do(kind, value)
                self._events.append((at, kind, value))
        except BaseException as error:  # noqa: BLE001  (raised where the run ends)
            self._failure = error

    def _do(self, kind: Happening, value: float) -> float:
        if kind is Happening.RESTART:
            return self._workers.restart(int(value))
        at = time.monotonic() - self._zero
        if self._shared is not None and kind is Happening.REMOTE_DOWN:
            self._shared.down()
        elif self._shared is not None:
            self._shared.up()
            at = time.monotonic() - self._zero
        return at


def _result(
    service: ServiceLayout,
    came: Incoming,
    ready: Chain,
    measured: Measured,
    events: Happenings,
    scenario: Scenario | None,
    about: dict[str, str],
    said: list[str],
) -> ServiceRun:
    told = tuple(
        ServiceEvent(seconds=at, words=_WORDS[kind].format(int(value) + 1))
        for at, kind, value in events
    )
    return service_run(
        came,
        [stage.place for stage in service.stages],
        predicted=through(ready, came, events),
        fitted=refitted(ready, came, measured, events),
        measured=measured,
        workload=workload_summary(came.workload),
        settings=service.shown(),
        scenario="" if scenario is None else scenario.spec,
        events=told,
        servers=about,
        remarks=(*ready.remarks, *said),
        environment=environment(),
    )
