"""Time predictions of a service of four stages: the first one, moves of settings, scenarios.

A process cache, a Redis cache, a connection pool and a database; one worker, then 48. The first
picture of a move is what a panel shows first: an estimate from samples with its band. A scenario
is followed twice, as it is and on a calm day. Seconds of the wall clock, and in brackets of the
processor, which a busy machine changes less:

    python tests/benchmarks/service_speed.py --requests 10M
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from perflab import Service, load_workload
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.predict import calibrations_of, costs_in, prediction_of
from perflab.service.sampled import SampledService
from perflab.service.scenarios import read_scenario
from perflab.service.scenarios.play import play_on
from perflab.units import band, parse_quantity, percent, points

STAGES = {
    "cache": {"max_cache_size": "10k"},
    "redis_cache": {"maxmemory": "128MiB"},
    "connection_pool": {"max_connections": 8},
}
FIRST_REQUESTS = 50_000
"""About so many requests are in a panel's samples."""
MOVES = (
    {"connection_pool.max_connections": 6},
    {"redis_cache.maxmemory": "100MiB"},
    {"cache.max_cache_size": "12k"},
)


def timed(name: str, work: Callable[[], object]) -> None:
    """Print what work takes."""
    wall, spent = time.perf_counter(), time.process_time()
    work()
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    print(f"{name}: {wall:.2f} s ({spent:.2f} s)", flush=True)


def main() -> None:
    """Print a line per prediction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=parse_quantity, default=10_000_000)
    parser.add_argument("--share", type=float, default=0.05)
    asked = parser.parse_args()
    requests, share = int(asked.requests), asked.share
    small = load_workload("zipf:skew=0.9,keys=1k,requests=10k,seed=1")
    trace = load_workload(f"zipf:skew=0.9,keys={requests // 10},requests={requests},seed=1")
    for label, values in (("1 worker", {}), ("48 workers", {"replicas": 12, "workers": 4})):
        service = Service.from_mapping({**values, "request_rate": "2k", **STAGES})
        service.predict(small)  # compiles, or loads what is compiled
        service.predict(small, sample=0.5)
        known = calibrations_of(service)
        timed(f"{label}, all of it", lambda service=service: service.predict(trace))
        timed(
            f"{label}, all of it from samples of {percent(share)} of the keys",
            lambda service=service: service.predict(trace, sample=share),
        )
        exact, about = service.predict(trace), service.predict(trace, sample=share)
        off = points(about.metrics["hit_rate"] - exact.metrics["hit_rate"])
        print(f"{label}, hit rate from samples: {off}, {band(about.error, 'ratio')}")
        estimates = SampledService(incoming(service, trace), costs_in(known, service), share)
        estimates.estimate(service)
        moved = service.change(MOVES[-1])
        timed(
            f"{label}, a move from samples",
            lambda estimates=estimates, moved=moved: estimates.estimate(moved),
        )
        came = incoming(service, trace)
        first = SampledService(came, costs_in(known, service), FIRST_REQUESTS / requests)
        for move in MOVES:
            moved = service.change(move)

            def look(moved: Service = moved, first: SampledService = first) -> None:
                found = first.estimate(moved)
                print(band(found.error, "ratio"), end=" ")

            timed(f"{label}, first picture of a move of {next(iter(move))}", look)
        flows = Flows(came, costs_in(known, service))
        flows.through(service)
        for move in MOVES:
            moved = service.change(move)

            def again(moved: Service = moved, flows: Flows = flows, known: dict = known) -> None:
                prediction_of(moved, flows.through(moved), known)

            timed(f"{label}, a move of {next(iter(move))}", again)
        fresh = Flows(came, costs_in(known, service))

        def played(service: Service = service, fresh: Flows = fresh) -> None:
            play_on(service, fresh.incoming, read_scenario("redis-down"), flows=fresh)

        timed(f"{label}, a scenario, with feedback", played)
        timed(f"{label}, the same once its calm day is known", played)


if __name__ == "__main__":
    main()
