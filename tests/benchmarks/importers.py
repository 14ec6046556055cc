"""Reading 10 M keys from Parquet, against pandas doing the same: read_parquet and factorize.

Rerun: python tests/benchmarks/importers.py [MILLIONS]

Goals: whole numbers at 20 M keys/s, texts at 5 M keys/s. The keys are Zipf requests over 1 M keys,
made into 40-bit numbers or texts of 19 characters; the file is written by pyarrow's defaults. Both
sides run by turns in one process, which has loaded its libraries and compiled before.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.workloads import Trace, Zipf, read_trace

ROUNDS = 5
KEYS = 1_000_000
SPREAD = 2_654_435_761


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def by_pandas(path: Path) -> None:
    pd.factorize(pd.read_parquet(path)["key"])


def compare(what: str, path: Path, requests: int, goal: float) -> None:
    ours, theirs = [], []
    read_trace(path)
    by_pandas(path)
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: read_trace(path)))
        theirs.append(seconds(lambda: by_pandas(path)))
    mine, peer = statistics.median(ours), statistics.median(theirs)
    print(
        f"{what:<22} perflab {requests / mine / 1e6:5.1f} M keys/s   "
        f"pandas {requests / peer / 1e6:5.1f} M keys/s   ratio {peer / mine:4.1f}   goal {goal:.0f}"
    )


def main(millions: float) -> None:
    requests = int(millions * 1e6)
    trace = Zipf(skew=0.9, keys=KEYS, requests=requests, seed=1).make()
    spread = trace.keys * SPREAD % 2**40
    texts = pa.array([f"/product/{number:x}" for number in spread.tolist()])
    print(f"{requests:,} requests, {trace.n_keys:,} keys; medians of {ROUNDS} rounds")
    print(f"peer: pandas {pd.__version__} with pyarrow {pa.__version__}, numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        numbers_file = Path(folder, "numbers.parquet")
        texts_file = Path(folder, "texts.parquet")
        own_file = Path(folder, "own.parquet")
        pq.write_table(pa.table({"key": spread[trace.ids]}), numbers_file)
        pq.write_table(pa.table({"key": texts.take(pa.array(trace.ids))}), texts_file)
        Trace("own", trace.ids, trace.n_keys, keys=texts).to_parquet(own_file)
        compare("whole numbers", numbers_file, requests, 20)
        compare("texts", texts_file, requests, 5)
        compare("texts, by to_parquet", own_file, requests, 5)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
