"""Time a second prediction of a trace at another size, beside the policy's kernel alone.

What a trace needs once, reuse and the sizes of keys, is kept with it: a second prediction is to
take at most 1.15 times the kernel, with all that stands beside the answer. Medians of one run:

    python tests/benchmarks/second_predict.py --requests 10M --rounds 5
"""

from __future__ import annotations

import argparse
import statistics
import time

from perflab import kernels
from perflab.tuning.sweep import predictions
from perflab.units import parse_quantity
from perflab.workloads.registry.traces import load_workload

POLICIES = ("lru", "fifo", "sieve", "s3fifo", "opt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=parse_quantity, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", default=",".join(POLICIES))
    arguments = parser.parse_args()
    requests = int(arguments.requests)
    trace = load_workload(f"zipf:skew=1.0,keys={requests // 10},requests={requests},seed=1")
    previous, following = kernels.previous_and_next(trace.ids, trace.n_keys)
    asked = kernels.Requests(trace.ids, trace.n_keys, previous, following)
    for policy in arguments.policies.split(","):
        size = trace.n_keys // 10
        kernels.policy_hits(policy, asked, size)
        predictions("cache", trace, {"policy": policy, "max_cache_size": size})
        alone, whole = [], []
        for number in range(1, arguments.rounds + 1):
            began = time.perf_counter()
            kernels.policy_hits(policy, asked, size + number)
            between = time.perf_counter()
            predictions("cache", trace, {"policy": policy, "max_cache_size": size + number})
            alone.append(between - began)
            whole.append(time.perf_counter() - between)
        kernel, second = statistics.median(alone), statistics.median(whole)
        print(
            f"{policy:<10}kernel {kernel * 1e3:8.1f} ms, a second predict {second * 1e3:8.1f} ms, "
            f"{second / kernel:5.2f} times (goal 1.15)"
        )


if __name__ == "__main__":
    main()
