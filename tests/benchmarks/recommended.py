"""Is what is recommended as good as the best of a full live grid? Eight workloads.

Rerun: python tests/benchmarks/recommended.py [--only NUMBER,...] [--rounds 3] [--seconds 1]

Workloads of caches are so short that a run goes through all of one. For each a fresh cache folder
is calibrated, which takes a few short runs, and `tune` says what to ship. Then the recommended
settings and a grid of twelve others are run live, in rounds of changing order. Printed are the
objective as measured at the best of the grid and at what was recommended, how far the second falls
short, the 95 % interval of the best one's mean, and the runs that each way took. A shortfall counts
as reached at 3 %, or inside that interval.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence

import perflab
from perflab.bench import load_bench
from perflab.bench.parts import Objective
from perflab.instrumentation.catalog import metric
from perflab.lab.measuring import measured_first

GRID = 12
SHORT_OF = 0.03
T_95 = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
"""Student's t, two-sided 95 %, by the number of rounds."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A workload, what is looked for, and the range of the grid.

    Attributes:
        pattern: Whose settings.
        workload: Its spec.
        objective: What is looked for.
        settings: What stays as it is.
    """

    pattern: str
    workload: str
    objective: Objective
    settings: dict[str, object] = dataclasses.field(default_factory=dict)


MEAN = Objective("min", "latency_seconds_mean", 0.01)
RATE = Objective("max", "throughput_per_second", 0.01)
CASES = (
    Case(
        *("cache", "zipf:skew=0.8,keys=300,requests=3k,seed=7", MEAN),
        {"backend": "delay", "backend_seconds": 0.0005},
    ),
    Case(
        *("cache", "shift:keys=500,requests=3k,seed=3", MEAN),
        {"backend": "delay", "backend_seconds": 0.0005},
    ),
    Case("redis_cache", "zipf:skew=0.9,keys=2k,requests=3k,seed=5", MEAN),
    Case(
        *("connection_pool", "poisson:rate=300,requests=100k,seed=4"),
        Objective("min", "latency_seconds_mean", 0.01),
    ),
    Case("lazy_loading", "hotspot:share=0.8,part=0.2,run=20,requests=20k,seed=6", MEAN),
    Case("prefetching", "items:count=100k", RATE),
    Case("streaming", "flights", RATE),
    Case("async_io", "poisson:rate=500,requests=100k,seed=8", RATE, {"capacity": 16}),
)


def grid_of(case: Case) -> list[dict[str, object]]:
    """Return twelve settings that `tune` may choose from, spread over its own range."""
    bench = load_bench(case.pattern)
    checked, _ = bench.read(case.settings)
    sweep = bench.tuning_sweep(bench.workload_for(checked, case.workload), checked)
    shares = [GRID] if len(sweep) == 1 else [GRID // 3, 3]
    thin = [spread(values, n) for values, n in zip(sweep.values(), shares, strict=True)]
    return [
        {**case.settings, **dict(zip(sweep, point, strict=True))}
        for point in itertools.product(*thin)
    ]


def spread(values: Sequence[object], count: int) -> Sequence[object]:
    """Return so many of a list, from its first to its last."""
    if len(values) <= count:
        return values
    step = (len(values) - 1) / max(count - 1, 1)
    return [values[round(step * number)] for number in range(count)]


def recommended(case: Case) -> tuple[dict[str, object], int]:
    """Return what is recommended, and how many live runs that took."""
    bench = load_bench(case.pattern)
    checked, load = bench.read(case.settings)
    loaded = bench.workload_for(checked, case.workload)
    rounds: set[int] = set()
    measured_first(
        *(bench, checked, load, loaded),
        given=True,
        on_round=lambda number, _total: rounds.add(number),
    )
    found = perflab.tune(case.pattern, case.workload, case.objective, settings=case.settings)
    return dict(found.settings), len(rounds)


def in_rounds(
    case: Case, candidates: list[dict[str, object]], rounds: int, seconds: float
) -> Iterator[tuple[int, float]]:
    """Run each candidate once a round, in changing order; yield its number and its objective."""
    order = random.Random(1)
    for _ in range(rounds):
        for number in order.sample(range(len(candidates)), len(candidates)):
            run = perflab.run(
                *(case.pattern, case.workload, candidates[number], seconds), progress=False
            )
            measured = run.since_change or run.metrics
            yield number, measured[case.objective.metric]


def show(number: int, case: Case, rounds: int, seconds: float) -> bool:
    """Run a case, print its line, and say whether its goal is reached."""
    shipped, taken = recommended(case)
    candidates = [*grid_of(case), shipped]
    values: dict[int, list[float]] = {}
    for each, value in in_rounds(case, candidates, rounds, seconds):
        values.setdefault(each, []).append(value)
    sign = 1 if case.objective.direction == "min" else -1
    means = {each: statistics.fmean(found) for each, found in values.items()}
    ours = means.pop(len(candidates) - 1)
    best = min(means, key=lambda each: sign * means[each])
    short = sign * (ours - means[best]) / means[best]
    noise = T_95[rounds] * statistics.stdev(values[best]) / rounds**0.5 / means[best]
    reached = short <= max(SHORT_OF, noise)
    info = metric(case.objective.metric)
    runs = (rounds * len(means), taken)
    moved = {key: shipped[key] for key in candidates[0] if candidates[best][key] != shipped[key]}
    print(
        f"{number} {case.pattern:<16}{info.format(means[best]):>12}{info.format(ours):>12}"
        f"{short:>9.1%} ±{noise:<7.1%}{runs[0]:>4} / {runs[1]:<3}"
        f"{'' if reached and runs[0] >= 10 * runs[1] else 'MISSED '} {moved}",
        flush=True,
    )
    return reached


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(map(str, range(1, len(CASES) + 1))))
    parser.add_argument("--rounds", type=int, default=3, choices=sorted(T_95))
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    print(f"{perflab.__version__}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':18}{'grid':>12}{'ours':>12}{'short by':>9} {'95 %':<8}{'runs':>4}")
    numbers = [int(text) for text in options.only.split(",")]
    reached = 0
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PERFLAB_CACHE_DIR"] = folder
            reached += show(number, CASES[number - 1], options.rounds, options.seconds)
    print(f"{reached} of {len(numbers)} within 3 % of the best of the grid, or inside its noise")


if __name__ == "__main__":
    main()
