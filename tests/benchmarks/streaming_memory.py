"""Peak memory of every engine at ten times the rows, each in a process of its own.

Run: python tests/benchmarks/streaming_memory.py [--rows 20M]

Goal: at most 1.2 times the peak at a tenth of the rows (20 M against 2 M), for every engine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from perflab.instrumentation.peak_memory import peak_bytes
from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming.settings import ENGINES, StreamingSettings
from perflab.patterns.streaming.synthetic_table import Table
from perflab.units import parse_quantity

CHUNK_ROWS = 20_000


def once(name: str, source: str, output: str) -> int:
    """Return the peak of this process after one conversion."""
    settings = StreamingSettings(
        input_file=source, output_file=output, engine=name, chunk_size=CHUNK_ROWS
    )
    StreamProcessor(settings).run()
    return peak_bytes()


def peak(name: str, source: Path, output: Path) -> float:
    words = [sys.executable, __file__, "--once", name, str(source), str(output)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(ended.stdout) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default="20M")
    parser.add_argument("--once", nargs=3)
    given = parser.parse_args()
    if given.once:
        print(once(*given.once))
        return
    rows = int(parse_quantity(given.rows))
    few, many = (Table(rows=count, columns=4, seed=1).make() for count in (rows // 10, rows))
    with tempfile.TemporaryDirectory() as folder:
        for name in ENGINES:
            output = Path(folder) / "out.jsonl"
            small, large = peak(name, few, output), peak(name, many, output)
            print(
                f"{name:12} {rows // 10:>12,} rows {small:7.1f} MiB  {rows:>12,} rows "
                f"{large:7.1f} MiB  {large / small:.2f} times (goal 1.2)",
                flush=True,
            )


if __name__ == "__main__":
    main()
