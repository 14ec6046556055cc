"""Reading 10 M keys from Parquet, 1 M lines of logs and traces, and what a loaded trace takes.

Rerun: python tests/benchmarks/importers.py [MILLIONS]

Goals: whole numbers at 20 M keys/s, texts at 5 M keys/s, combined log lines and lines of JSON at
0.5 M a second, and at most 5 bytes a request without times and sizes. The keys are Zipf requests
over 1 M keys, made into 40-bit numbers or texts of 19 characters; Parquet is written by pyarrow's
defaults, and its peer is pandas (read_parquet and factorize). The peer of the log is what one would
write for it: a compiled regular expression and a dictionary; that of JSON is orjson and a
dictionary. Lines are a tenth as many as keys. Both sides run by turns in one process, which has
loaded its libraries and compiled before. Memory is of a process which has read the file once
before: how much it grows by reading, and the arrays that it holds.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.workloads import Trace, Zipf, read_trace, write_trace

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


COMBINED = re.compile(
    r'(\S+) (\S+) (\S+) \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+|-) "([^"]*)" "([^"]*)"'
)
GROWTH = """
import ctypes, gc, sys, psutil, pyarrow
from perflab.workloads import read_trace

def resident():
    gc.collect()
    pyarrow.default_memory_pool().release_unused()
    # glibc keeps what was freed for later; elsewhere there is no such call.
    getattr(ctypes.CDLL(None), "malloc_trim", bool)(0)
    return psutil.Process().memory_info().rss

read_trace(sys.argv[1])
before = resident()
trace = read_trace(sys.argv[1])
print((resident() - before) / len(trace), (trace.ids.nbytes + trace.keys.nbytes) / len(trace))
"""


def by_hand(path: Path) -> None:
    ids: dict[str, int] = {}
    requests = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if match := COMBINED.match(line):
                key = f"{match[5]} {match[6]}"
                requests.append((ids.setdefault(key, len(ids)), match[4], match[8]))


def lines_of(trace: Trace, keys: np.ndarray) -> dict[str, str]:
    """Return formats by name, each as its lines."""
    asked = keys[trace.ids].tolist()
    agent = (
        '"https://example.org/catalogue" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"'
    )
    moments = [(i // 60_000 % 60, i // 1_000 % 60) for i in range(len(asked))]
    objects = [
        f'{{"time":{i / 1e3},"host":"shop","path":"/product/{key:x}","size":{key % 90_000}}}\n'
        for i, key in enumerate(asked)
    ]
    return {
        "combined": "".join(
            f"10.0.{key % 256}.7 - - [10/Oct/2000:13:{minute:02d}:{second:02d} +0000] "
            f'"GET /product/{key:x}?ref=home HTTP/1.1" 200 {key % 90_000} {agent}\n'
            for key, (minute, second) in zip(asked, moments, strict=True)
        ),
        "json": "".join(objects),
        "docker": "".join(
            json.dumps({"log": each, "stream": "stdout", "time": "2024-06-10T06:13:20Z"}) + "\n"
            for each in objects
        ),
        "logfmt": "".join(
            f"ts=2024-06-10T06:{minute:02d}:{second:02d}.{i % 1000:03d}Z level=info method=GET "
            f"path=/product/{key:x} status=200 duration={key % 90}ms bytes={key % 90_000}\n"
            for i, (key, (minute, second)) in enumerate(zip(asked, moments, strict=True))
        ),
        "redis_monitor": "".join(
            f'{i / 1e3:.6f} [0 10.0.0.1:6379] "GET" "product:{key:x}"\n'
            for i, key in enumerate(asked)
        ),
        "twitter": "".join(f"{i},{key:x},10,{key % 900},7,get,0\n" for i, key in enumerate(asked)),
        "msr": "".join(
            f"{128166372003061629 + i},usr,0,Read,{key % 2**24 * 4096},4096,41\n"
            for i, key in enumerate(asked)
        ),
    }


def compare_lines(trace: Trace, keys: np.ndarray, folder: str) -> None:
    for kind, text in lines_of(trace, keys).items():
        path = Path(folder, kind)
        path.write_text(text)
        form = None if kind == "docker" else kind  # what is around a line is found
        read_trace(path, format=form)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(partial(read_trace, path, format=form)))
            theirs.append(seconds(partial(PEERS[kind], path)) if kind in PEERS else 0.0)
        mine, peer = statistics.median(ours), statistics.median(theirs)
        said = f"{kind + ' lines':<22} perflab {len(trace) / mine / 1e6:5.2f} M lines/s"
        if kind in PEERS:
            said += (
                f"   by hand {len(trace) / peer / 1e6:5.2f} M lines/s   ratio {peer / mine:4.1f}"
            )
            said += "   goal 0.5"
        print(said)


def json_by_hand(path: Path) -> None:
    ids: dict[str, int] = {}
    requests = []
    with path.open("rb") as lines:
        for line in lines:
            said = orjson.loads(line)
            key = said["path"]
            requests.append((ids.setdefault(key, len(ids)), said["time"], said["size"]))


PEERS = {"combined": by_hand, "json": json_by_hand}


def show_memory(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(path)], capture_output=True, text=True, check=True
    )
    grown, held = map(float, done.stdout.split())
    print(
        f"a loaded trace of whole numbers: {held:.2f} bytes a request in its arrays, "
        f"{grown:.2f} by the process's growth   goal 5"
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
        write_trace(Trace("own", trace.ids, trace.n_keys, keys=texts), own_file)
        compare("whole numbers", numbers_file, requests, 20)
        compare("texts", texts_file, requests, 5)
        compare("texts, by to_parquet", own_file, requests, 5)
        show_memory(numbers_file)
        compare_lines(trace.prefix(requests // 10), spread, folder)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
