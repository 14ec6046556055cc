"""`run_service`: a service on real servers, beside what was predicted of it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from perflab.bench.living import Backing, LivingStage, SlowingBacking, WatchedBacking
from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.kernels.chain.flights import Happening
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.lab.overlap import Overlap
from perflab.service.incoming import Incoming, incoming
from perflab.service.live.job import StageJob, WorkerJob
from perflab.service.live.measured import (
    Measured,
    counting_calls,
    measured_of,
    unevenly_done,
)
from perflab.service.live.refitted import refitted, through
from perflab.service.live.result import ServiceEvent, ServiceRun, service_run
from perflab.service.live.watching import RunSoFar, Watching, lookups_in
from perflab.service.live.workers import Workers
from perflab.service.scenarios.feedback import Chain, as_loaded, chain_of
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.play import flows_of
from perflab.units import counted, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perflab.service.layout import ServiceLayout
    from perflab.service.scenarios.base import Happenings, Scenario
    from perflab.service.scenarios.together import Together

MOST_WORKERS = 16
ENDED_EARLY = "ended early: requests that had not come were not made"
_OTHER_DATABASE = (
    "query_seconds and database_contention describe another database than perflab's own, which "
    "this ran on: compare what was measured with what is refitted"
)
_THREADS = 32
_START_SECONDS = 0.5
_WORDS = {
    Happening.REMOTE_DOWN: "the shared cache was killed",
    Happening.REMOTE_UP: "the shared cache came back, empty",
    Happening.RESTART: "worker {} was restarted",
    Happening.SLOWER: "the database took {} from then on",
    Happening.CALL_SLOWER: "the called server took {} from then on",
}
_DIED = (
    "the server of {} died during the run, which no scenario asked for: what was measured without "
    "it stands beside predictions with it; run it again"
)


@naming_extra("cli")
def run_service(
    service: ServiceLayout,
    workload: object = None,
    scenario: str | Sequence[str] | Scenario | Together | None = None,
    seconds: float = 20.0,
    *,
    progress: Callable[[float, float], object] | None = None,
    starting: Callable[[], object] | None = None,
    watch: Callable[[RunSoFar], object] | None = None,
    cancelled: Cancelled = lambda: False,
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
        starting: Called when all was looked at, before anything starts.
        watch: Told ten times per second what was measured so far.
        cancelled: Whether it is to end early, with what was measured until then.

    Raises:
        BadInputError: If the workload, scenario or service cannot be run, or it is to end before
            any request was done.
        RuntimeError: If a worker died.
    """
    check_runs(service)
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise BadInputError("must be a number above 0", "seconds")
    chosen = None if scenario is None else read_scenario(scenario, service.scenarios)
    if chosen is not None:
        chosen.check([stage.place for stage in service.stages])
    whole = _first(incoming(service, workload), seconds)
    steps: Happenings = [] if chosen is None else chosen.happenings(whole)
    if service.pool is None and any(kind is Happening.SLOWER for _, kind, _ in steps):
        text = "the service has no connection pool, so that a run has no database to make slower"
        raise BadInputError(text, "scenario")
    came = whole if chosen is None else chosen.arriving(whole)
    ready = chain_of(service, whole, flows_of(service, whole))
    events: Happenings = []
    if starting is not None:
        starting()
    with contextlib.ExitStack() as opened:
        backings = dict(_backings(service, opened))
        about = {bench: backing.about for bench, backing in backings.items()}
        jobs = tuple(_jobs(service, came, backings))
        workers = opened.enter_context(Workers(jobs))
        opened.enter_context(Overlap().going_on())
        watching = None if watch is None else Watching(ready, came, steps, watch)
        zero = time.monotonic() + _START_SECONDS
        workers.start(zero, tells=watching is not None)
        steering = _Steering(service, workers, backings, zero, steps, events)
        steering.start()
        last = float(came.requests.times[-1])
        interrupted = not _wait(workers, zero, last, progress, watching, cancelled)
        steering.end()
        done = workers.done()
        died = [_DIED.format(bench) for bench in _died(backings, steering.down)]
    if not any(len(each.rows) for each in done):
        raise BadInputError("was ended before any request was done", "a run of a service")
    places = [stage.place for stage in service.stages]
    measured = counting_calls(measured_of(done, came.requests, places), ready, came)
    uneven = unevenly_done(done, measured, None if interrupted else len(came.requests))
    problem = next((each.problem for each in done if each.problem), None)
    said = [*died, *uneven, *([f"first failure: {problem}"] if problem else [])]
    said += [ENDED_EARLY] if interrupted else []
    said += [_OTHER_DATABASE] if _describes_another(service) else []
    return _result(service, came, ready, measured, events, chosen, about, said)


def check_runs(service: ServiceLayout) -> None:
    """Refuse a service that cannot be run on this machine.

    Raises:
        BadInputError: If it has too many workers or a PgBouncer, or a stage does not run.
    """
    if service.settings.processes > MOST_WORKERS:
        text = (
            f"is for {counted(MOST_WORKERS, 'worker')} at most, not "
            f"{counted(service.settings.processes, 'worker')}; set fewer replicas or workers"
        )
        raise BadInputError(text, "a run of a service")
    for stage in service.stages:
        if not hasattr(load_bench(stage.bench).stage, "layer"):
            raise BadInputError("cannot be a stage of a running service yet", stage.bench)
    if service.front is not None:
        text = "is predicted only: a run sends the requests to the workers itself; set role to call"
        raise BadInputError(text, f"{service.front.bench}.role")
    if service.settings.pgbouncer_connections is not None:
        text = "is predicted only: a run has no PgBouncer; leave it out"
        raise BadInputError(text, "service.pgbouncer_connections")


def _describes_another(service: ServiceLayout) -> bool:
    """Say whether the service says of its database what perflab's own does not do."""
    settings = service.settings
    told = (settings.query_seconds, settings.database_contention)
    return service.pool is not None and any(each is not None for each in told)


def _first(came: Incoming, seconds: float) -> Incoming:
    """Return the requests of the first seconds.

    Raises:
        BadInputError: If there are fewer than two.
    """
    count = int(np.searchsorted(came.requests.times, seconds, side="right"))
    if count < 2:
        text = "has fewer than two requests in that time; run for longer, or set a higher rate"
        raise BadInputError(text, came.workload.name)
    return dataclasses.replace(
        came,
        requests=requests_at(came.requests, np.arange(count)),
        workers=came.workers[:count],
        seconds=min(seconds, came.seconds),
    )


def _backings(
    service: ServiceLayout, opened: contextlib.ExitStack
) -> Iterator[tuple[str, Backing]]:
    for stage in service.stages:
        living = cast("LivingStage[Any]", load_bench(stage.bench).stage)
        backing = living.backing(stage.settings, service.settings.processes)
        if backing is not None:
            opened.callback(backing.close)
            yield stage.bench, backing


def _died(backings: dict[str, Backing], killed: Backing | None) -> list[str]:
    """Return the stages whose server has died, beside one that was killed on purpose."""
    return [
        bench
        for bench, backing in backings.items()
        if backing is not killed
        and hasattr(backing, "alive")
        and not cast("WatchedBacking", backing).alive
    ]


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
    requests = as_loaded(came.requests)
    operations, ttls = requests.operations, requests.ttls
    for worker in range(came.processes):
        places = np.flatnonzero(came.workers == worker)
        yield WorkerJob(
            *(worker, stages, places, requests.times[places], requests.keys[places]),
            np.zeros(0, np.uint8) if operations is None else operations[places],
            np.zeros(0) if ttls is None else ttls[places],
            _THREADS,
        )


def _wait(
    workers: Workers,
    zero: float,
    last: float,
    progress: Callable[[float, float], object] | None,
    watching: Watching | None,
    cancelled: Cancelled,
) -> bool:
    """Wait until the last request has come; return whether it has, or say that no more come."""
    ended = False
    try:
        while not (ended := cancelled()) and (left := zero + last - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
            workers.check()
            seconds = min(max(time.monotonic() - zero, 0.0), last)
            if progress is not None:
                progress(seconds, last)
            if watching is not None:
                watching.take(seconds, workers.take())
    except KeyboardInterrupt:
        ended = True
    if ended:
        workers.stop()
    return not ended


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
        self.down: Backing | None = None
        by_place = {stage.place: backings.get(stage.bench) for stage in service.stages}
        self._shared, self._called = by_place.get(Place.SHARED), by_place.get(Place.CALL)
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
        if kind is Happening.SLOWER:
            self._workers.slow(value)
            return at
        if kind is Happening.CALL_SLOWER:
            cast("SlowingBacking", self._called).slow(value)
            return at
        if self._shared is not None and kind is Happening.REMOTE_DOWN:
            self.down = self._shared
            self._shared.down()
        elif self._shared is not None:
            self._shared.up()
            self.down = None
            at = time.monotonic() - self._zero
        return at


def _in_words(kind: Happening, value: float) -> str:
    """Return what has happened."""
    if kind in (Happening.SLOWER, Happening.CALL_SLOWER):
        return _WORDS[kind].format("as long as usual" if value == 1 else f"{times(value)} as long")
    return _WORDS[kind].format(int(value) + 1)


def _result(
    service: ServiceLayout,
    came: Incoming,
    ready: Chain,
    measured: Measured,
    events: Happenings,
    scenario: Scenario | Together | None,
    about: dict[str, str],
    said: list[str],
) -> ServiceRun:
    told = tuple(
        ServiceEvent(seconds=at, words=_in_words(kind, value)) for at, kind, value in events
    )
    return service_run(
        came,
        service.stages,
        lookups=lookups_in(ready),
        predicted=ready.behind(through(ready, came, events)),
        fitted=ready.behind(refitted(ready, came, measured, events)),
        measured=measured,
        workload=workload_summary(came.workload),
        settings=service.shown(),
        scenario="" if scenario is None else scenario.spec,
        events=told,
        servers=about,
        remarks=(*ready.remarks, *said),
        environment=environment(),
    )
