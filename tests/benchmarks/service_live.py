"""A whole service on real servers beside its prediction, at three loads and with Redis killed.

Run: python tests/benchmarks/service_live.py [--seconds 20] [--rates 150 300 600]

Two workers, each with a cache and a pool, before Valkey and PostgreSQL of perflab's own. Goals,
refitted against measured: p50 within 15 %, p95 within 20 %, load on the database within 3 %, hits
of the workers' caches equal, of Valkey within 1 point. Then Valkey is killed for a while: the load
that the database gets more, and the time until it is as before, predicted before the run.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from perflab.instrumentation.catalog import metric
from perflab.service import Service
from perflab.service.live.run import run_service
from perflab.service.scenarios.play import play

WORKLOAD = "zipf:keys=10k,requests=200k,skew=0.8,seed=2"
SHOP = {
    "workers": 2,
    "cache": {"max_cache_size": 500},
    "redis_cache": {"maxmemory": "30MiB"},
    "connection_pool": {"max_connections": 4},
}
GOALS = {
    "latency_seconds_p50": 0.15,
    "latency_seconds_p95": 0.2,
    "database_per_second": 0.03,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rates", type=float, nargs="+", default=[150.0, 300.0, 600.0])
    arguments = parser.parse_args()
    for rate in arguments.rates:
        service = Service.from_mapping({**SHOP, "request_rate": rate})
        spent = sum(os.times()[:4])
        began = time.monotonic()
        found = run_service(service, WORKLOAD, seconds=arguments.seconds)
        share = (sum(os.times()[:4]) - spent) / (time.monotonic() - began) / (os.cpu_count() or 1)
        print(f"{rate:.0f} requests/s, {share:.0%} of the processors (servers not counted)")
        for name, real in found.metrics.items():
            fitted = found.fitted[name]
            off = fitted / real - 1 if real else 0.0
            goal = GOALS.get(name)
            held = "" if goal is None else ("held" if abs(off) <= goal else "MISSED")
            info = metric(name)
            shown = (info.format(found.predicted[name]), info.format(fitted), info.format(real))
            print(
                f"  {info.label:34} {shown[0]:>12} {shown[1]:>12} {shown[2]:>12} {off:+7.1%} {held}"
            )
    _killed(arguments.seconds * 2, arguments.rates[len(arguments.rates) // 2])


def _killed(seconds: float, rate: float) -> None:
    """Print what was predicted of a kill before the run, and what it did."""
    service = Service.from_mapping({**SHOP, "request_rate": rate})
    down = f"redis-down:at={seconds / 4},seconds=10"
    count = int(seconds * rate)
    told = play(service, WORKLOAD.replace("200k", str(count)), down)
    found = run_service(service, WORKLOAD, down, seconds=seconds)
    print(f"Valkey killed for 10 s at {rate:.0f} requests/s: queries beyond a calm day")
    ends = np.array(told.windows["ends"])
    more = np.array(told.windows["database"]) - np.array(told.calm["database"])
    real_ends = np.array(found.windows["ends"])
    real = np.array(found.windows["database"]) - np.interp(
        real_ends, ends, np.array(told.calm["database"])
    )
    for first, last in ((0, 5), (5, 10), (10, 15), (15, 20)):
        since = seconds / 4
        here = (ends > since + first) & (ends <= since + last)
        there = (real_ends > since + first) & (real_ends <= since + last)
        said, seen = float(more[here].mean()), float(real[there].mean())
        off = said / seen - 1 if seen else 0.0
        rates = f"predicted {said:7.1f}/s, measured {seen:7.1f}/s"
        print(f"  {first:2} to {last:2} s after: {rates} {off:+.0%}")


if __name__ == "__main__":
    main()
