"""Rows per second of every engine, beside the loops that people write, in one run.

Run: python tests/benchmarks/streaming_speed.py [--rows 2M] [--columns 8]

Goals: Polars' sink on a clean file at least 30 times the csv + json loop; the best engine on
blocks, with rejection handling, at least 10 times it; the plain Python engine at least 0.9 times
the csv + orjson loop. All write the same rows to JSON Lines: numbers are numbers. Each is run in a
process of its own, three rounds in turn; medians. How far the sink is ahead depends on the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming.settings import ENGINES, StreamingSettings
from perflab.patterns.streaming.synthetic_table import Table
from perflab.units import parse_quantity

ROUNDS = 3
CHUNK_ROWS = 50_000
LOOPS = ("csv + json", "csv + orjson")


def loop(kind: str, source: str, output: str) -> None:
    """Convert as a person would in ten lines, without a look at bad rows."""
    with open(source, encoding="utf-8", newline="") as file, open(output, "wb") as out:  # noqa: PTH123
        reader = csv.DictReader(file)
        names = reader.fieldnames or []
        whole = [name for name in names if name == "id" or name.startswith("count_")]
        floats = [name for name in names if name.startswith("price_")]
        for row in reader:
            for name in whole:
                row[name] = int(row[name])
            for name in floats:
                row[name] = float(row[name])
            if kind == "csv + json":
                out.write(json.dumps(row).encode() + b"\n")
            else:
                out.write(orjson.dumps(row) + b"\n")


def once(name: str, source: str, output: str) -> float:
    """Return the seconds of one conversion, libraries loaded before."""
    if name in LOOPS:
        started = time.perf_counter()
        loop(name, source, output)
        return time.perf_counter() - started
    values = {"input_file": source, "engine": name, "chunk_size": CHUNK_ROWS}
    small = Path(output).with_name("warm-up.csv")
    small.write_text("a,b\n1,x\n")
    warm = {**values, "input_file": str(small), "output_file": f"{output}.warm.jsonl"}
    StreamProcessor(StreamingSettings(**warm)).run()
    processor = StreamProcessor(StreamingSettings(output_file=output, **values))
    started = time.perf_counter()
    processor.run()
    return time.perf_counter() - started


def timed(name: str, source: Path, output: Path) -> float:
    words = [sys.executable, __file__, "--once", name, str(source), str(output)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(ended.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="2M")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--once", nargs=3)
    given = parser.parse_args()
    if given.once:
        print(once(*given.once))
        return
    rows = int(parse_quantity(given.rows))
    source = Table(rows=rows, columns=given.columns, seed=1).make()
    names = [*LOOPS, *ENGINES]
    taken: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name in names:
                taken[name].append(timed(name, source, Path(folder) / "out.jsonl"))
    rate = {name: rows / statistics.median(values) for name, values in taken.items()}
    for name in names:
        against = ", ".join(f"{rate[name] / rate[other]:.2f} x {other}" for other in LOOPS)
        print(f"{name:13} {rate[name] / 1e6:6.2f} M rows/s  ({against})")
    slow, quick = (rate[name] for name in LOOPS)
    best = max(ENGINES[:-1], key=lambda name: rate[name])
    print(f"polars_sink / csv + json: {rate['polars_sink'] / slow:.1f} (goal 30)")
    print(f"best on blocks ({best}) / csv + json: {rate[best] / slow:.1f} (goal 10)")
    print(f"python / csv + orjson: {rate['python'] / quick:.2f} (goal 0.9)")


if __name__ == "__main__":
    main()
