"""The limit that auto finds against the best fixed one, on perflab's own server.

Run: python tests/benchmarks/async_io_auto.py [--seconds 4]

The best fixed limit is, of those within 5 % of the top throughput, the one with the least p95.
Auto starts at 20, and counts from when it has had time to settle. Goal: at least 0.9 times the
throughput of the best fixed limit at no more than 1.5 times its p95.
"""

from __future__ import annotations

import argparse

from perflab.lab.verbs import calibrate, run

FIXED = (4, 8, 16, 24, 32, 48, 64, 96, 128)
SERVERS = {
    "capacity 32, constant 20 ms": {"capacity": 32},
    "capacity 8, lognormal 20 ms": {"capacity": 8, "latency_shape": "lognormal"},
}


def measured(values: dict, seconds: float, warmup: float) -> tuple[float, float, float]:
    """Return throughput, p95 and the limit at the end."""
    settings = {**values, "retries": 0, "timeout": 60, "warmup_seconds": warmup}
    found = run("async_io", None, settings, seconds + warmup, progress=False).metrics
    return found["throughput_per_second"], found["latency_seconds_p95"], found["limit"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    calibrate("async_io", seconds=0.6)
    for name, server in SERVERS.items():
        print(name)
        fixed = {}
        for limit in FIXED:
            fixed[limit] = measured({**server, "max_concurrent": limit}, arguments.seconds / 2, 0.5)
            rate, tail, _ = fixed[limit]
            print(f"  fixed {limit:>3}: {rate:7,.0f}/s, p95 {tail * 1e3:6.1f} ms", flush=True)
        top = max(rate for rate, _, _ in fixed.values())
        near = [limit for limit, (rate, _, _) in fixed.items() if rate >= 0.95 * top]
        best = min(near, key=lambda limit: fixed[limit][1])
        rate, tail, limit = measured(
            {**server, "limit_mode": "auto"}, 2 * arguments.seconds, arguments.seconds
        )
        print(f"  auto, at {limit:.0f}: {rate:7,.0f}/s, p95 {tail * 1e3:6.1f} ms")
        print(
            f"  best fixed {best}: auto has {rate / fixed[best][0]:.2f} times its throughput at "
            f"{tail / fixed[best][1]:.2f} times its p95; goal: at least 0.9 at most 1.5"
        )


if __name__ == "__main__":
    main()
