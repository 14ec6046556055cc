"""Stall fractions of real prefetching, measured beside two predictions.

Run: python tests/benchmarks/prefetch_stalls.py [--seconds 4] [--backends http,delay,sqlite,files]

For each source, settings from one worker that cannot keep up to more than are needed, with wide
and narrow buffers. Goal: within 5 points of the calibration made before, and of the run's own fetch
and work times. How long the consumer worked on an item, measured against predicted, is printed
too: on a busy machine it is held up, and then the calibration foretells another machine.
"""

from __future__ import annotations

import argparse

from perflab.lab.verbs import calibrate, run

GOAL = 0.05
CASES = (
    {"workers": 1, "batch_size": 100, "buffer_size": 400, "consume_seconds": 0.0002},
    {"workers": 2, "batch_size": 100, "buffer_size": 200, "consume_seconds": 0.0002},
    {"workers": 4, "batch_size": 50, "buffer_size": 400, "consume_seconds": 0.0004},
    {"workers": 8, "batch_size": 20, "buffer_size": 100, "consume_seconds": 0.0002},
    {"workers": 4, "batch_size": 10, "buffer_size": 1000, "consume_seconds": 0.001},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--backends", default="http,delay,sqlite,files")
    arguments = parser.parse_args()
    worst = {"calibration": 0.0, "own times": 0.0}
    for backend in arguments.backends.split(","):
        source = {"backend": backend, "backend_seconds": 0.03}
        calibrate("prefetching", None, source, seconds=1.0)
        for case in CASES:
            done = run(
                "prefetching",
                "items:count=10M",
                {**source, **case},
                arguments.seconds,
                progress=False,
            )
            real, before, own = done.metrics, done.predicted, done.fitted
            name = "stall_fraction"
            off = {"calibration": real[name] - before[name], "own times": real[name] - own[name]}
            worst = {key: max(value, abs(off[key])) for key, value in worst.items()}
            work = real["consume_seconds_mean"] / before["consume_seconds_mean"]
            print(
                f"{backend:7} {case['workers']} workers, batch {case['batch_size']:3}, buffer "
                f"{case['buffer_size']:4}: stalled {real[name]:6.1%}; off the calibration "
                f"{off['calibration'] * 100:+5.1f} points, off the run's own times "
                f"{off['own times'] * 100:+5.1f}; work on an item {work:.2f} times the predicted",
                flush=True,
            )
    for key, value in worst.items():
        print(f"worst, {key}: {value * 100:.1f} points (goal: within {GOAL * 100:.0f})")


if __name__ == "__main__":
    main()
