"""Time an operation of 100 microseconds in a live run, with figures being redrawn here and not.

Run: python tests/benchmarks/live_disturbance.py [--seconds 5] [--rounds 3]

The goal is a ratio of p99.9 of at most 1.2. Rounds alternate, so that what else the machine does
falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from perflab.lab.verbs import calibrate, run
from perflab.workloads.kinds.trace import Trace


def busy(_key: object) -> int:
    """Compute for 100 microseconds."""
    end = time.perf_counter() + 100e-6
    turns = 0
    while time.perf_counter() < end:
        turns += 1
    return turns


class Redraw(threading.Thread):
    """Redraws three plots of 500 points ten times a second until told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = threading.Event()
        self.frames = 0

    def run(self) -> None:
        figure = Figure(figsize=(10, 3))
        canvas = FigureCanvasAgg(figure)
        lines = [axes.plot(np.zeros(500))[0] for axes in figure.subplots(1, 3)]
        while not self.stopped.wait(0.1):
            for line in lines:
                line.set_ydata(np.random.default_rng().random(500))
            canvas.draw()
            self.frames += 1


def p999(seconds: float, *, redraw: bool) -> float:
    thread = Redraw()
    if redraw:
        thread.start()
    trace = Trace.from_keys(np.arange(2_000_000))
    settings = {"backend": busy, "max_cache_size": 100}
    result = run("cache", trace, settings, seconds, progress=False)
    thread.stopped.set()
    if redraw:
        thread.join()
    return result.metrics["latency_seconds_p999"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    calibrate("cache", Trace.from_keys(np.arange(100_000)), {"backend": busy}, 0.5)
    still, drawn = [], []
    for _ in range(arguments.rounds):
        still.append(p999(arguments.seconds, redraw=False))
        drawn.append(p999(arguments.seconds, redraw=True))
    a, b = statistics.median(still), statistics.median(drawn)
    print(f"p99.9 without redraw {a * 1e6:7.1f} us, with redraw {b * 1e6:7.1f} us")
    print(f"ratio {b / a:.2f} (goal at most 1.2)")


if __name__ == "__main__":
    main()
