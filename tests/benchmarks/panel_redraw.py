"""Kernel CPU of one live update: three plots of 500 points, blitted beside redrawn in full.

Run: ``python tests/benchmarks/panel_redraw.py``. Peers, from the matplotlib installed: the same
figure drawn in full, by savefig, and with a true-colour PNG besides.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import PIL
from matplotlib.artist import Artist
from PIL import Image

from perflab.bench import LiveChart
from perflab.charts import LiveAxes, chart_row
from perflab.lab.row_table import RowTable
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


class Panel:
    """The three live charts, and the ways to draw them."""

    def __init__(self) -> None:
        self.figure, axes = chart_row(len(CHARTS))
        self.live = [LiveAxes(place, chart) for place, chart in zip(axes, CHARTS, strict=True)]
        self.canvas = BlitCanvas(self.figure, 800)
        made = rows(POINTS)
        self.runs = [RowTable(made[: POINTS - UPDATES + place]) for place in range(UPDATES)]

    def update(self, place: int) -> list[Artist]:
        """Take up one more row and return what moves."""
        for chart in self.live:
            chart.update(self.runs[place])
        return [artist for chart in self.live for artist in chart.artists]

    def blitted(self, place: int) -> None:
        """As the panel does it."""
        self.canvas.draw(self.update(place))

    def full(self, place: int) -> None:
        """With axes, ticks and legends drawn again."""
        self.canvas.draw(self.update(place), full=True)

    def true_colour(self, place: int) -> None:
        """Blitted, and a true-colour PNG on top of the one with the palette."""
        self.blitted(place)
        pixels = np.asarray(self.figure.canvas.buffer_rgba())
        Image.fromarray(pixels).save(io.BytesIO(), "png", compress_level=1)

    def savefig(self, place: int) -> None:
        """As matplotlib does it without blitting."""
        moving = self.update(place)
        for artist in moving:
            artist.set_animated(False)
        self.figure.savefig(io.BytesIO(), format="png")
        for artist in moving:
            artist.set_animated(True)


def main() -> None:
    """Print the medians and their ratios."""
    panel = Panel()
    panel.blitted(0)
    fast = cpu(panel.blitted)
    width, height = panel.figure.canvas.get_width_height()
    print(f"matplotlib {mpl.__version__}, Pillow {PIL.__version__}, {width} x {height} pixels")
    size = len(panel.canvas.image.value) / 1024
    print(f"blitted, fixed palette     {fast:6.1f} ms  {size:5.0f} KB")
    for name, work in (
        ("and a true-colour PNG too", panel.true_colour),
        ("full, fixed palette", panel.full),
        ("full, savefig to PNG", panel.savefig),
    ):
        taken = cpu(work)
        print(f"{name:26} {taken:6.1f} ms  {taken / fast:5.1f} times")
    print("goal                         12.0 ms")


if __name__ == "__main__":
    main()
