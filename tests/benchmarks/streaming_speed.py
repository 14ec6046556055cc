"""Rows per second of every engine, beside the loops that people write and Polars, in one run.

Run: python tests/benchmarks/streaming_speed.py [--rows 2M] [--columns 8] [--rounds 3]

Goals: Polars' sink on a clean file at least 30 times the csv + json loop; the best engine on
blocks, with rejection handling, at least 10 times it; the plain Python engine at least 0.9 times
the csv + orjson loop; the best engine on blocks at least 0.9 times Polars' own sink, which looks
for no bad row; the look before the sink at most 25 % of its run. All write the same rows to JSON
Lines: numbers are numbers. Each is run in a process of its own, rounds in turn; medians. How far
the sink is ahead depends on the table. Seconds of the processor are shown beside, since on a busy
machine they say more.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import polars as pl

from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming._look import look_through
from perflab.patterns.streaming.settings import BLOCK_ENGINES, ENGINES, StreamingSettings
from perflab.patterns.streaming.synthetic_table import Table
from perflab.units import parse_quantity

CHUNK_ROWS = 50_000
LOOPS = ("csv + json", "csv + orjson")
ALONE, LOOK = "Polars alone", "the look"


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


def stream(engine: str, source: str, output: str) -> None:
    """Convert as perflab does."""
    values = {"input_file": source, "output_file": output, "engine": engine}
    StreamProcessor(StreamingSettings(chunk_size=CHUNK_ROWS, **values)).run()


def convert(name: str, source: str, output: str) -> None:
    if name in LOOPS:
        loop(name, source, output)
    elif name == ALONE:
        pl.scan_csv(source).sink_ndjson(output)
    elif name == LOOK:
        assert look_through(StreamingSettings(input_file=source), None).problem is None
    else:
        stream(name, source, output)


def once(name: str, source: str, output: str) -> tuple[float, float]:
    """Return the seconds of one conversion, libraries loaded before, and the processor's."""
    if name not in LOOPS:
        small = Path(output).with_name("warm-up.csv")
        small.write_text("id,word_1\n1,x\n")
        convert(name, str(small), f"{output}.warm.jsonl")
    started, used = time.perf_counter(), time.process_time()
    convert(name, source, output)
    return time.perf_counter() - started, time.process_time() - used


def timed(name: str, source: Path, output: Path) -> tuple[float, float]:
    words = [sys.executable, __file__, "--once", name, str(source), str(output)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    seconds, used = map(float, ended.stdout.split())
    return seconds, used


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="2M")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", nargs=3)
    given = parser.parse_args()
    if given.once:
        print(*once(*given.once))
        return
    rows = int(parse_quantity(given.rows))
    source = Table(rows=rows, columns=given.columns, seed=1).make()
    names = [*LOOPS, ALONE, *ENGINES, LOOK]
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(given.rounds):
            for name in names:
                taken[name].append(timed(name, source, Path(folder) / "out.jsonl"))
    wall, used = (
        {name: statistics.median(each[kind] for each in values) for name, values in taken.items()}
        for kind in (0, 1)
    )
    for name in names:
        against = ", ".join(f"{wall[other] / wall[name]:.2f} x {other}" for other in LOOPS)
        rate = f"{rows / wall[name] / 1e6:6.2f} M rows/s, {used[name]:5.2f} s of the processor"
        print(f"{name:13} {rate}  ({against})")
    best = min(BLOCK_ENGINES, key=wall.__getitem__)
    slow, quick = LOOPS
    share, used_share = wall[LOOK] / wall["polars_sink"], used[LOOK] / used["polars_sink"]
    print(f"polars_sink / csv + json: {wall[slow] / wall['polars_sink']:.1f} (goal 30)")
    print(f"best on blocks ({best}) / csv + json: {wall[slow] / wall[best]:.1f} (goal 10)")
    print(f"python / csv + orjson: {wall[quick] / wall['python']:.2f} (goal 0.9)")
    ratio, used_ratio = wall[ALONE] / wall[best], used[ALONE] / used[best]
    print(f"{best} / {ALONE}: {ratio:.2f}, by the processor {used_ratio:.2f} (goal 0.9)")
    print(f"{LOOK} / polars_sink: {share:.0%}, by the processor {used_share:.0%} (goal 25%)")


if __name__ == "__main__":
    main()
