"""Throughput predicted and measured over 1 to 256 in flight, at capacities 4, 32 and unlimited.

Run: python tests/benchmarks/async_io_model.py [--seconds 1.5] [--latency 0.02]

perflab's own server, in a closed loop. A calibration goes before each capacity: with 64 and more in
flight at an unlimited server the processor is what limits, and how fast that is drifts on a shared
machine. Before all a run of 12 s (--warm) spends what a machine lends for its first seconds.
Goal: within 15 % at every point.
"""

from __future__ import annotations

import argparse

from perflab.lab.verbs import calibrate, run

LIMITS = (1, 4, 16, 64, 256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--warm", type=float, default=12.0)
    parser.add_argument("--limits", type=int, nargs="*", default=LIMITS)
    arguments = parser.parse_args()
    run("async_io", None, {"max_concurrent": 256}, arguments.warm, progress=False)
    worst = 0.0
    for capacity in (4, 32, None):
        costs = calibrate("async_io", seconds=arguments.seconds).costs
        flying = ", ".join(f"{n}: {v * 1e6:.0f}" for n, v in costs["bottleneck_seconds"].items())
        print(f"bottleneck by in flight, µs: {flying}; delay {costs['delay_seconds'] * 1e6:.0f} µs")
        for limit in arguments.limits:
            values = {
                "capacity": capacity,
                "max_concurrent": limit,
                "latency_seconds": arguments.latency,
                "retries": 0,
                "timeout": 60,
                # The first turn of many in flight, all begun at once, is no steady state.
                "warmup_seconds": 0.5,
            }
            result = run("async_io", None, values, arguments.seconds + 0.5, progress=False)
            real = result.metrics["throughput_per_second"]
            expected = result.predicted["throughput_per_second"]
            off = real / expected - 1
            worst = max(worst, abs(off))
            print(
                f"capacity {capacity or 'unlimited'!s:>9}, {limit:>3} in flight: measured "
                f"{real:7,.0f}/s, predicted {expected:7,.0f}/s, {off:+6.1%}",
                flush=True,
            )
    print(f"worst {worst:.1%}; goal: within 15 % at every point")


if __name__ == "__main__":
    main()
