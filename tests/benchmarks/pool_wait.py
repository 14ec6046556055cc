"""Waits for a connection to a real PostgreSQL, measured beside two predictions.

Run: python tests/benchmarks/pool_wait.py [--queries 20000] [--connections 2]

At utilisation 0.5, 0.8 and 0.9 with Poisson arrivals. Goals: from the run's own arrivals and
service times, mean within 10 % and p95 within 15 %; from the calibration made before, mean within
25 % at 0.5 and 0.8, and at 0.9 the measured mean within the prediction's band. A calibration goes
before each run; how far the service time then drifted is printed too, as it moves a wait by a
multiple.
"""

from __future__ import annotations

import argparse

from perflab.bench import load_bench
from perflab.lab.verbs import calibrate, run

QUERY = "aggregate"


def share(measured: float, predicted: float) -> str:
    return f"{measured / predicted - 1:+7.1%}" if predicted else "      -"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0, help="of calibration a pool size")
    arguments = parser.parse_args()
    bench = load_bench("connection_pool")
    pool = {
        "query": QUERY,
        "max_connections": arguments.connections,
        "min_connections": arguments.connections,
        "check": False,
        "timeout": 60,
    }
    for utilisation in (0.5, 0.8, 0.9):
        calibration = calibrate("connection_pool", None, pool, seconds=arguments.seconds)
        one = calibration.costs["service"][str(arguments.connections)]["mean"]
        rate = utilisation * arguments.connections / one
        workload = f"poisson:rate={rate:.3f},requests={arguments.queries},seed=1"
        values = {**pool, "request_rate": None}
        result = run("connection_pool", workload, values, 3600, progress=False)
        settings, load = bench.read(values)
        arrivals = bench.workload_for(bench.identity.settings_class(), workload)
        before = bench.model(arrivals, calibration.costs).predict(settings, load)
        real, own, first = result.metrics, result.fitted, before.metrics
        print(
            f"utilisation {utilisation} (measured {real['utilisation']:.3f}): wait mean "
            f"{real['wait_seconds_mean'] * 1e3:6.2f} ms, p95 {real['wait_seconds_p95'] * 1e3:6.2f} "
            "ms; against the run's own "
            f"{share(real['wait_seconds_mean'], own['wait_seconds_mean'])} mean, "
            f"{share(real['wait_seconds_p95'], own['wait_seconds_p95'])} p95; against the "
            f"calibration {share(real['wait_seconds_mean'], first['wait_seconds_mean'])} mean, "
            f"predicted {first['wait_seconds_mean'] * 1e3:.2f} ms +- {before.error * 1e3:.2f}; "
            f"service "
            f"{share(real['service_seconds_mean'], first['service_seconds_mean'])}",
            flush=True,
        )


if __name__ == "__main__":
    main()
