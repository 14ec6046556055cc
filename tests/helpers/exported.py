"""Every export of every pattern, over a grid of settings that reaches each branch of a template."""

from __future__ import annotations

import gzip
import itertools
import lzma
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from perflab.bench.parts import Export
from perflab.bench.registry import load_bench

_FOLDER = tempfile.TemporaryDirectory(prefix="perflab-exports-")


def _files() -> Iterator[tuple[str, str]]:
    """Yield files that are there, which exports of streams look into, and where they would go."""
    for name, pack, text in (
        ("plain.csv", bytes, "id,price\n1,2.5\n2,3.5\n"),
        ("semicolons.csv.gz", gzip.compress, "sep=;\nid;zip;\n1;01000;\n2;NA;\n"),
        ("tabs.tsv.xz", lzma.compress, "id\tname\n1\ta\n2\t\n"),
    ):
        path = Path(_FOLDER.name) / name
        path.write_bytes(pack(text.encode()))
        yield str(path), str(path.with_name("rows.jsonl"))


GRID: dict[str, dict[str, tuple[Any, ...]]] = {
    "cache": {
        "policy": ("lru", "fifo", "lfu", "sieve"),
        "max_cache_size": (1, 123_456_789),
        "max_bytes": (None, 2**50),
        "ttl_seconds": (None, 0.001, 1800.0),
        "negative_ttl_seconds": (None, 5.0),
        "concurrency": (1, 8),
    },
    "redis_cache": {
        "serializer": ("json", "msgpack", "pickle"),
        "ttl_seconds": (None, 3600.0),
        "client_cache_size": (None, 10_000),
        "retries": (0, 2),
        "cache_namespace": ("perflab", 'it\'s "one"'),
        "maxmemory,maxmemory_policy": (
            (None, "allkeys-lru"),
            (2**30, "noeviction"),
            (2**26, "volatile-ttl"),
        ),
        "stampede,stale_seconds,negative_ttl_seconds": (
            ("lock", None, None),
            ("off", 60.0, None),
            ("off", None, 1.0),
        ),
    },
    "lazy_loading": {
        "data_source": (
            *("flights", "flights:csv", "flights:parquet", "flights:npy", "module:rows"),
            *("/data/trips.db:rides", '/data/a "b" \\c.sqlite:it\'s "one"', "/data/trips.csv"),
            *("/data/tr\u00efps.parquet", "C:\\data\\trips.npy"),
        ),
        "chunk_size": (1, 50_000),
        "max_chunks": (1, 7),
        "read_ahead": (0, 1, 3),
        "max_bytes": (None, 2**20),
    },
    "connection_pool": {
        "min_connections,max_connections": ((0, 1), (20, 8)),
        "timeout": (0.1, 30.0),
        "max_lifetime": (None, 20.5, 3600.0),
        "max_idle": (None, 5.0, 600.0),
        "check": (True, False),
        "order": ("lifo", "fifo"),
        "max_waiting": (None, 0, 7),
        "transactions": ("commit", "rollback", "leave"),
        "request_rate": (None, 250.0),
    },
    "prefetching": {
        "batch_size": (10, 5000),
        "buffer_size": (100, 2000),
        "workers": (1, 4),
        "max_bytes": (None, 2**20),
        "timeout": (None, 0.25, 30.0),
        "process_count": (None, 777),
    },
    "streaming": {
        "input_file,output_file": (
            (None, None),
            ("/data/trips.csv.xz", "/data/rows.parquet"),
            ('a "b"        \\c.csv', 'it\'s "one".jsonl'),
            ("trips.csv", None),
            *_files(),
        ),
        "output_format": ("auto", "parquet"),
        "delimiter": ("auto", "comma", "pipe"),
        "engine": ("polars", "pandas"),
        "chunk_size": (1, 250_000),
        "max_rejected_share": (0.01, 1e-6),
        "na_values": ((), ("NA", "-")),
    },
    "async_io": {
        "max_concurrent": (1, 500),
        "max_per_host": (None, 8),
        "timeout": (0.25, 10.0),
        "retries": (0, 2),
        "limit_mode": ("fixed", "auto"),
        "rate_limit": (None, 0.2, 150.0),
        "load_model,request_rate": (("closed", None), ("open", 12.5), ("open", 2000.0)),
    },
}
"""The values of each pattern's settings; settings joined by commas change together."""

WORKLOADS = ("zipf:skew=0.9,keys=1M", "/home/someone/sh\u00f6p \u2028\n'\".csv")


def settings_of(pattern: str) -> Iterator[dict[str, Any]]:
    """Yield every combination of a pattern's values."""
    names = GRID[pattern]
    for chosen in itertools.product(*names.values()):
        values: dict[str, Any] = {}
        for name, value in zip(names, chosen, strict=True):
            keys = name.split(",")
            values.update(zip(keys, value if len(keys) > 1 else (value,), strict=True))
        yield values


def exports_of(pattern: str, values: Mapping[str, Any], workload: str) -> list[Export]:
    """Return the exports of settings."""
    bench = load_bench(pattern)
    settings, load = bench.read(values)
    made = (settings, load, workload)
    return [*bench.exports(*made), *bench.configurations(*made)]


def all_exports(pattern: str) -> Iterator[tuple[str, Export]]:
    """Yield each export of a pattern once for every different text, with what it was made of."""
    seen = set()
    for number, values in enumerate(settings_of(pattern)):
        for export in exports_of(pattern, values, WORKLOADS[number % len(WORKLOADS)]):
            if export.text not in seen:
                seen.add(export.text)
                yield str(values), export
