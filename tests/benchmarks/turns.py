"""How often turns are wrong about live runs, and how many rounds they take.

Run: python tests/benchmarks/turns.py [REPEATS [BUDGET]]

Two contenders of the cache, which misses on a backend of 1 ms: the same settings twice, and
settings whose backend takes 10 % longer. Of the first, a verdict of better or worse is a false
alarm; of the second, any but *better* is missed. Each repeat has its budget of seconds, and a table
is printed.
"""

from __future__ import annotations

import statistics
import sys

from perflab.bench import load_bench
from perflab.bench.parts import Objective
from perflab.lab.calibration import Calibration
from perflab.tuning.turns.judge import Judge
from perflab.tuning.turns.kept_turns import KeptTurns
from perflab.tuning.turns.live_turns import LiveTurns
from perflab.tuning.turns.runner import take_turns
from perflab.units import in_words, percent

WORKLOAD = "uniform:keys=100k,requests=1M,seed=1"
NAMES = ("first", "second")
SECONDS = 1.0
METRICS = {"latency_seconds_mean": "min", "throughput_per_second": "max"}


def repeat(kind: type, slower: float, metric: str, budget: float) -> tuple[str, int, float]:
    """Return the verdict of one comparison, its rounds and the mean difference."""
    bench = load_bench("cache")
    fast = {"max_cache_size": 100, "backend": "delay", "backend_seconds": 0.001}
    values = {NAMES[0]: fast, NAMES[1]: {**fast, "backend_seconds": 0.001 * slower}}
    loaded = bench.workload_for(bench.read(fast)[0], WORKLOAD)
    costs = Calibration("cache", "", dict(bench.calibration.shipped_costs), "shipped")
    turns = kind(bench, loaded, values, SECONDS, loop=False, calibration=costs)
    judge = Judge(Objective(METRICS[metric], metric, tolerance=0.01), NAMES, 0.95)
    try:
        taken = take_turns(NAMES, turns, judge.settled, budget)
    finally:
        turns.close()
    found = judge.difference(taken.rounds, NAMES[1])
    return judge.verdict(found), found.rounds, found.mean


def main(repeats: int = 10, budget: float = 60.0) -> None:
    """Print a row for each kind of turns, metric and difference."""
    print(f"{repeats} repeats, each of at most {in_words(budget, 'seconds')}")
    print("turns      metric                  slower   verdicts                     rounds  mean")
    for kind in (LiveTurns, KeptTurns):
        for metric in METRICS:
            for slower in (1.0, 1.1):
                found = [repeat(kind, slower, metric, budget) for _ in range(repeats)]
                verdicts = [verdict for verdict, _, _ in found]
                said = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
                rounds = statistics.median(count for _, count, _ in found)
                mean = statistics.fmean(each for _, _, each in found)
                head = f"{kind.__name__:10} {metric:23} {percent(slower - 1):7}"
                print(f"{head}  {said:28} {rounds:5g}  {percent(mean)}", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
