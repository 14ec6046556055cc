"""Files that perflab wrote itself, of every kind that it reads back."""

from __future__ import annotations

import dataclasses
import io
import json
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from packed import pack

import perflab
from perflab.bench import bench_names, load_bench
from perflab.lab.calibration import Calibration
from perflab.lab.run import Run
from perflab.patterns.prefetching.items import Items
from perflab.patterns.streaming.table_file import TableFile
from perflab.workloads import Trace, write_trace
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.recording.columns import GrowingColumns
from perflab.workloads.recording.format import Facts
from perflab.workloads.recording.parts import RecordingFolder

OLD_RECORDING = Path(__file__).parents[1] / "old_files" / "0.1.0" / "recording"
TEXTS = Trace.from_keys(
    list("abcabd"), [0, 1, 1, 2.5, 9, 9], [5, 0, 3, 2, 1, 1], [1, np.nan, 3, np.nan, 5, 1]
)
NUMBERS = Trace.from_keys([70, -3, 70, 2**62, 5])
BARE = Trace("bare", np.array([0, 1, 0, 2]), 3)
SAMPLE = dataclasses.replace(BARE, sample_rate=0.25, all_requests=50, check=False)


def _folders(*made: object) -> list[bytes]:
    packed = []
    for each in made:
        with tempfile.TemporaryDirectory() as folder:
            each.save(Path(folder) / "t")
            packed.append(pack(Path(folder) / "t"))
    return packed


def _parquet(trace: Trace) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_trace(trace, Path(folder) / "t.parquet")
        return (Path(folder) / "t.parquet").read_bytes()


def _recordings() -> list[bytes]:
    growing = GrowingColumns()
    growing.add([(n % 5 << 31 | 7, 1e9 + n, n % 4, n % 2 > 0, n, None) for n in range(20)])
    packed = [pack(OLD_RECORDING)]
    for facts in (Facts(1 << 32, 20, {}), Facts(1 << 31, None, {"removal": {"DEL": 2}})):
        with tempfile.TemporaryDirectory() as folder:
            RecordingFolder(Path(folder) / "r").write(0, growing.columns(), facts)
            packed.append(pack(Path(folder) / "r"))
    return packed


def _tables() -> list[bytes]:
    table = pa.table({"n": [1, 2, 3, 4], "t": ["a", None, "b", "c"], "l": [[1], [], None, [2, 3]]})
    files = []
    for options in ({}, {"row_group_size": 2, "write_page_index": True}, {"use_dictionary": False}):
        file = io.BytesIO()
        pq.write_table(table, file, **options)
        files.append(file.getvalue())
    return files


def _arrays() -> list[bytes]:
    files = []
    for array in (np.arange(6).reshape(3, 2), np.arange(4.0), np.zeros(3, [("a", "<i4")])):
        file = io.BytesIO()
        np.save(file, array)
        files.append(file.getvalue())
    return files


def _databases() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA page_size = 512")
        connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, f"x{n}") for n in range(9)])
        connection.commit()
        connection.close()
        return [path.read_bytes()]


def _json(values: object) -> bytes:
    return json.dumps(values).encode()


def _results() -> list[bytes]:
    settings = {"max_cache_size": 2}
    point = perflab.predict("cache", TEXTS, settings, {"max_cache_size": [1, 2]})
    one = point.attrs
    found = load_bench("cache").read(settings)
    values = {**found[0].model_dump(), **found[1].model_dump(), "backend": "sqlite"}
    metrics = {"hit_rate": 0.5, "latency_seconds_p50": 1e-5, "throughput_per_second": 1e4}
    rows = tuple({"seconds": n / 10, "requests": n, **metrics} for n in range(1, 4))
    run = Run("cache", one["workload"], values, metrics, rows, since_change=metrics)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tuned.json"
        perflab.tune("cache", TEXTS).to_json(path)
        tuned = path.read_bytes()
    report = {"kind": "report", "format": 1, "title": "t", "results": [run.to_dict()]}
    return [_json(run.to_dict()), tuned, _json(report)]


def _calibrations() -> list[bytes]:
    return [
        _json(
            Calibration(
                name, "b", dict(load_bench(name).calibration.shipped_costs), "measured"
            ).to_dict()
        )
        for name in bench_names()
    ]


def _curves() -> list[bytes]:
    exact = {"exact": {"5": [9, 3, 6, 1, 0, 30, 5, 50]}}
    sampled = {"sampled": {"7": {"0": [0.5, 0.25, 0.0, 7.0, 70.0]}}}
    return [_json(exact), _json({**exact, **sampled})]


def _table_file() -> TableFile:
    return TableFile("t", "/dev/shm/t.csv", 9, 2, True, ("a", "b"), "", "0" * 16)


SEEDS: dict[str, list[bytes]] = {
    "saved_trace": _folders(TEXTS, NUMBERS, BARE, SAMPLE),
    "saved_arrivals": _folders(
        Arrivals("a", np.array([0.0, 1.0, 5.0])),
        Arrivals("b", np.array([0.0, 2.0]), np.array([0.5, np.nan])),
    ),
    "saved_accesses": _folders(Accesses("r", np.array([0, 5, 3]), 9)),
    "saved_items": _folders(Items("i", 3), Items("f", 2, ("/a", "/b"))),
    "saved_table": _folders(_table_file()),
    "trace_parquet": [_parquet(trace) for trace in (TEXTS, NUMBERS, BARE, SAMPLE)],
    "recording": _recordings(),
    "lazy_parquet": _tables(),
    "lazy_npy": _arrays(),
    "lazy_sqlite": _databases(),
    "result": _results(),
    "calibration": _calibrations(),
    "kept_curve": _curves(),
}
