"""Kernel CPU of one live update: three plots of 500 points, blitted beside redrawn in full.

Run: ``python tests/benchmarks/panel_redraw.py``. Peers, from the matplotlib installed: the same
figure drawn in full and kept as its true-colour PNG, and blitted but kept as one.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import PIL
from PIL import Image

from perflab.benches import LiveChart
from perflab.charts import LiveAxes, chart_row
from perflab.panels.canvas import BlitCanvas

POINTS = 500
UPDATES = 40
CHARTS = (
    LiveChart("Hit rate, live", ("hit_rate",)),
    LiveChart(
        "Latency, live", ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99")
    ),
    LiveChart("Memory, live", ("memory_bytes",)),
)


def rows(count: int) -> list[dict[str, float]]:
    """Return the rows of a run that jitters, with predictions."""
    random = np.random.default_rng(0)
    latency = {
        "latency_seconds_p50": 3e-6,
        "latency_seconds_p95": 4e-4,
        "latency_seconds_p99": 9e-4,
    }
    made = []
    for place in range(count):
        row = {"seconds": place / 10}
        level = {"hit_rate": 0.7, "memory_bytes": 2e8, **latency}
        for name, value in level.items():
            row[name] = value * float(random.normal(1, 0.04))
            row[f"{name}_since_change"] = value * float(random.normal(1, 0.01))
            row[f"predicted_{name}"] = value * 1.02
        made.append(row)
    return made


def cpu(work: Callable[[int], None]) -> float:
    """Return the median milliseconds of this thread's CPU for one update."""
    taken = []
    for place in range(UPDATES):
        start = time.thread_time()
        work(place)
        taken.append((time.thread_time() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Print the medians and their ratios."""
    figure, axes = chart_row(len(CHARTS))
    live = [LiveAxes(place, chart) for place, chart in zip(axes, CHARTS, strict=True)]
    canvas = BlitCanvas(figure, 800)
    known = rows(POINTS)

    def update(place: int) -> None:
        for chart in live:
            chart.update(known[: POINTS - UPDATES + place])

    def artists() -> list[object]:
        return [artist for chart in live for artist in chart.artists]

    def blitted(place: int) -> None:
        update(place)
        canvas.draw(artists())

    def full(place: int) -> None:
        update(place)
        canvas.draw(artists(), full=True)

    def true_colour(place: int) -> None:
        blitted(place)
        pixels = np.asarray(canvas.figure.canvas.buffer_rgba())
        Image.fromarray(pixels).save(io.BytesIO(), "png", compress_level=1)

    def savefig(place: int) -> None:
        update(place)
        for artist in artists():
            artist.set_animated(False)
        figure.savefig(io.BytesIO(), format="png")
        for artist in artists():
            artist.set_animated(True)

    blitted(0)
    fast = cpu(blitted)
    width, height = figure.canvas.get_width_height()
    print(f"matplotlib {mpl.__version__}, Pillow {PIL.__version__}, {width} x {height} pixels")
    print(f"blitted, fixed palette   {fast:6.1f} ms  {len(canvas.image.value) / 1024:5.0f} KB")
    for name, work in (
        ("blitted and true colour", true_colour),
        ("full, fixed palette", full),
        ("full, savefig to PNG", savefig),
    ):
        taken = cpu(work)
        print(f"{name:24} {taken:6.1f} ms  {taken / fast:5.1f} times")
    print("goal                       12.0 ms")


if __name__ == "__main__":
    main()
