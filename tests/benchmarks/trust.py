"""Put predicted, refitted and measured side by side, for each bench as it is shipped.

Each bench runs on a cache folder of its own that is empty before the first run, as a new user has
it; further runs are predicted from what the first ones left. Beside each value stands how far it
is from the measured one, and whether that is within the goal (refitted) or its band (predicted).
At last a table says of each bench in how many runs that was so.
Run it on a quiet machine, and with another process that keeps one core busy (--busy):

    python tests/benchmarks/trust.py --runs 2 --seconds 6
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import multiprocessing
import os
import tempfile

import perflab
from perflab.bench.registry import load_bench
from perflab.instrumentation.catalog import metric
from perflab.lab.bands import Bands
from perflab.lab.which_is_off import which_is_off_in

PATTERNS = (
    *("cache", "redis_cache", "connection_pool", "lazy_loading"),
    *("prefetching", "streaming", "async_io"),
)
MIB = 2**20
# How far the refitted value may be: points for rates of hits, shares for the rest.
POINTS, MEAN, P95, RATE, MEMORY = 0.002, 0.10, 0.15, 0.05, 0.15


def goal_of(name: str, measured: float) -> float | None:
    """Return how far a refitted value may be from the measured one, in the metric's unit."""
    if name.endswith("hit_rate"):
        return POINTS
    if name.endswith("memory_bytes"):
        return max(MEMORY * measured, MIB)
    share = {
        "latency_seconds_mean": MEAN,
        "latency_seconds_p95": P95,
        "throughput_per_second": RATE,
    }
    waits = {"wait_seconds_mean": 0.07, "wait_seconds_p95": 0.10}
    found = {**share, **waits}.get(name)
    return None if found is None else found * measured


@dataclasses.dataclass
class Count:
    """In how many runs of a bench a metric was asked about, and held."""

    asked: int = 0
    reached: int = 0
    banded: int = 0
    inside: int = 0
    worst: float = 0.0

    def add_refitted(self, share: float) -> None:
        """Count a refitted value that is off by a share of its goal."""
        self.asked, self.reached = self.asked + 1, self.reached + (share <= 1)
        self.worst = max(self.worst, share)

    def add_predicted(self, inside: bool) -> None:
        """Count a predicted value that has a band."""
        self.banded, self.inside = self.banded + 1, self.inside + inside


Counts = dict[tuple[str, str], Count]


def show(pattern: str, number: int, seconds: float, counts: Counts) -> None:
    """Run a bench once, print its table, and count what held."""
    done = perflab.run(pattern, seconds=seconds, progress=False)
    bench = load_bench(pattern)
    measured = done.since_change or done.metrics
    bands = Bands.of_run(done)
    print(f"\n{pattern}, run {number}; {perflab.__version__}; load {os.getloadavg()[0]:.1f}")
    heads = "".join(f"{head:>14}" for head in ("predicted", "refitted", "measured"))
    print(f"  {'metric':<28}{heads}    band  refitted off, goal")
    names = [*bench.display.headline, "latency_seconds_p95", "memory_bytes"]
    for name in dict.fromkeys(names):
        values = [each.get(name, math.nan) for each in (done.predicted, done.fitted, measured)]
        if not all(map(math.isfinite, values)):
            continue
        info = metric(name)
        off, goal = abs(values[1] - values[2]), goal_of(name, values[2])
        texts = "".join(f"{info.format(value):>14}" for value in values)
        band = bands.text(info, done.predicted)
        is_off = bands.is_off(info, done.predicted, measured)
        beyond = "  beyond its band" if is_off else ""
        count = counts.setdefault((pattern, name), Count())
        if band:
            count.add_predicted(not is_off)
        verdict = ""
        if goal:
            count.add_refitted(off / goal)
            verdict = f"{off / goal:6.2f} x goal{'' if off <= goal else '  MISSED'}"
        print(f"  {name:<28}{texts}  {band:>6}  {verdict}{beyond}")
    print(f"  {which_is_off_in(done, bench)}")
    for line in done.notes:
        print(f"  note: {line}")


def show_counts(counts: Counts) -> None:
    """Print in how many runs of each bench the values held."""
    heads = f"{'refitted in goal':>18}{'worst':>8}{'predicted in band':>20}"
    print(f"\n{'bench':<18}{'metric':<28}{heads}")
    for (pattern, name), count in counts.items():
        if not (count.asked or count.banded):
            continue
        refitted = f"{count.reached} of {count.asked}" if count.asked else ""
        worst = f"{count.worst:.2f}" if count.asked else ""
        predicted = f"{count.inside} of {count.banded}" if count.banded else ""
        print(f"{pattern:<18}{name:<28}{refitted:>18}{worst:>8}{predicted:>20}")
    asked = sum(count.asked for count in counts.values())
    reached = sum(count.reached for count in counts.values())
    print(f"\n{reached} of {asked} refitted values are within their goal")


def burn() -> None:
    """Keep one core busy until the end."""
    while True:
        sum(range(10_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patterns", default=",".join(PATTERNS))
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--busy", action="store_true", help="keep one core busy meanwhile")
    options = parser.parse_args()
    burning = multiprocessing.Process(target=burn, daemon=True)
    if options.busy:
        burning.start()
    counts: Counts = {}
    for pattern in options.patterns.split(","):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PERFLAB_CACHE_DIR"] = folder
            for number in range(1, options.runs + 1):
                show(pattern, number, options.seconds, counts)
    show_counts(counts)


if __name__ == "__main__":
    main()
