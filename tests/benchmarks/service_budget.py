"""Print how far recommended budgets are from the best of a full grid, on six services.

Run: python tests/benchmarks/service_budget.py [--requests 100k]
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile

import numpy as np

from perflab import Service, load_workload
from perflab.service.connections import connections_of
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.metrics import service_metrics
from perflab.service.predict import calibrations_of, costs_in
from perflab.service.split import Split, Splitter
from perflab.units import parse_quantity, percent, times

SHARES = (0.0, *np.geomspace(0.004, 1.0, 23).tolist())
MOST_SIZES = 20

POOL = {"min_connections": 1, "max_connections": 4, "timeout": "2s"}
SERVICES = {
    "hot keys": (
        "zipf:skew=1.1,keys=50k,seed=1",
        {"workers": 4, "request_rate": 1500, "cache": {}, "redis_cache": {}},
        "8MiB",
    ),
    "many workers": (
        "zipf:skew=0.9,keys=20k,seed=2",
        {
            "replicas": 8,
            "workers": 2,
            "request_rate": 800,
            "max_connections": 250,
            "cache": {},
            "redis_cache": {},
        },
        "6MiB",
    ),
    "keys to workers": (
        "zipf:skew=0.8,keys=30k,seed=3",
        {
            "workers": 6,
            "spread": "key_hash",
            "request_rate": 900,
            "cache": {"policy": "s3fifo"},
            "redis_cache": {"ttl_seconds": "1m"},
        },
        "7MiB",
    ),
    "short lives": (
        "zipf:skew=1,keys=20k,seed=4",
        {"workers": 3, "request_rate": 1000, "cache": {"ttl_seconds": 5}, "redis_cache": {}},
        "10MiB",
    ),
    "behind a pooler": (
        "zipf:skew=0.95,keys=40k,seed=5",
        {
            "replicas": 4,
            "workers": 2,
            "request_rate": 900,
            "pgbouncer_connections": 20,
            "cache": {"policy": "sieve"},
            "redis_cache": {"maxmemory_policy": "allkeys-lfu"},
        },
        "9MiB",
    ),
    "shifting keys": (
        "shift:keys=20k,seed=6",
        {"workers": 2, "request_rate": 700, "cache": {}, "redis_cache": {}},
        "5MiB",
    ),
}


def full_grid(service: Service, workload: object, budget: float) -> tuple[float, int]:
    """Return the lowest mean latency over a grid of shares and pool sizes, and its size."""
    came = incoming(service, workload)
    costs = costs_in(calibrations_of(service), service)
    flows, splitter = Flows(came, costs), Splitter(service, came, costs)
    settings = service.settings
    shared = settings.pgbouncer_connections is not None
    most = settings.max_connections or 1
    if not shared:
        most = splitter.most_per_pool(settings.max_connections) or 1
    sizes = sorted({round(size) for size in np.geomspace(1, most, MOST_SIZES)})
    present = splitter.present().connections
    best, count = np.inf, 0
    for share in SHARES:
        memory = splitter.memory_for(budget, (share, 1 - share))
        for size in sizes:
            split = Split(memory, present, size) if shared else Split(memory, size)
            there = splitter.service_of(split)
            flow = flows.through(there)
            metrics = service_metrics(flow, there.settings, connections_of(there).most)
            count += 1
            if metrics["errors"] == 0:
                best = min(best, metrics["latency_seconds_mean"])
    return best, count


def main() -> None:
    """Print a line per service."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", default="100k")
    parser.add_argument("--budgets", default="1", help="Factors of each budget, by commas.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PERFLAB_CACHE_DIR"] = folder  # so that the costs are those that are shipped
        for name, (spec, values, memory) in SERVICES.items():
            service = Service.from_mapping({**values, "connection_pool": POOL})
            workload = load_workload(f"{spec},requests={asked.requests}")
            workload = dataclasses.replace(workload, source="", check=False)
            for factor in map(float, asked.budgets.split(",")):
                budget = parse_quantity(memory, "bytes") * factor
                found = service.budget(workload, f"memory_bytes<={round(budget)}")
                best, count = full_grid(service, workload, budget)
                off = found.metrics["latency_seconds_mean"] / best - 1
                fewer = times(count / found.evaluations)
                print(
                    f"{name}: {percent(off)} off the best of {count}, with {found.evaluations} "
                    f"evaluations ({fewer} fewer); {found.reason}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
