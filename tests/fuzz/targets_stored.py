"""Every file of perflab's own that is read back, and binary files that stores read."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from packed import unpack
from parts import Target

import perflab
from perflab.bench import load_bench
from perflab.lab.calibration import read_calibration
from perflab.patterns.cache.model.estimates import Estimate
from perflab.patterns.cache.model.kept_curves import KeptCurves
from perflab.patterns.cache.model.query import CacheCounts
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._store import StoreError
from perflab.patterns.prefetching.items import Items
from perflab.patterns.streaming.table_file import TableFile
from perflab.primitives import parquet_probe
from perflab.reports import agreement, figures, maps, over_time
from perflab.reports.report import Report
from perflab.reports.svg import svg_of
from perflab.tuning.comparison import compare, read_result
from perflab.workloads import Trace, kind_of, read_trace
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.recording.format import MAGIC
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import opened as opened_folder

# As of a large folder, whose content is not compared with its fingerprint.
opened_folder.VERIFIED_BYTES = -1
_SMALL: dict[str, dict[str, Any]] = {
    "prefetching": {"process_count": 20},
    "streaming": {"input_file": "tests/fuzz/data.csv"},
}


class _KeptProbe(parquet_probe.ParquetProbe):
    """The process that reads Parquet files first, kept from one input to the next."""

    def __exit__(self, *_exception: object) -> None:
        parquet_probe._known.clear()


_PART_HEAD = struct.Struct("<8sIQ")
_DRAWN_ONE_IN = 8  # reports, of those that are made
_probe = _KeptProbe()
parquet_probe.ParquetProbe = lambda: _probe  # type: ignore[assignment, misc]


def _saved(open_folder: Callable[[Path], Any], data: bytes, folder: Path) -> None:
    unpack(data, folder / "saved")
    found = open_folder(folder / "saved")
    describe(found)
    kind_of(found).facts(found)


def _trace(open_it: Callable[[Path], Trace], path: Path) -> None:
    trace = open_it(path)
    describe(trace)
    kind_of(trace).facts(trace)
    str(trace.key_of(trace.n_keys - 1))
    perflab.predict("cache", trace, {"max_cache_size": 2, "ttl_seconds": 5})


def _saved_trace(data: bytes, folder: Path) -> None:
    unpack(data, folder / "saved")
    _trace(Trace.open, folder / "saved")


def _parquet_trace(data: bytes, folder: Path) -> None:
    path = folder / "t.parquet"
    path.write_bytes(data)
    _trace(read_trace, path)


def _recording(data: bytes, folder: Path) -> None:
    unpack(data, folder / "recorded")
    for part in (folder / "recorded").glob("*.part"):
        _seal(part)
    _trace(read_trace, folder / "recorded")


def _seal(part: Path) -> None:
    """Let the head of a part fit to most of what mutations made: else no checksum lets one in."""
    content = part.read_bytes()
    body = content[_PART_HEAD.size :]
    if zlib.crc32(content) % 8:
        part.write_bytes(_PART_HEAD.pack(MAGIC, zlib.crc32(body), len(body)) + body)


def _lazy(ending: str, data: bytes, folder: Path) -> None:
    path = folder / f"lazy.{ending}"
    path.write_bytes(data)
    try:
        with LazyLoader(data_source=str(path), chunk_size=2) as rows:
            for number in range(min(len(rows), 20)):
                rows[number]
    except StoreError:
        pass  # what a store raises that cannot be read now


def _result(data: bytes, folder: Path) -> None:
    _draw(always=zlib.crc32(data) % _DRAWN_ONE_IN == 0)
    path = folder / "result.json"
    path.write_bytes(data)
    report = Report.of([path])
    report.to_markdown().encode()
    assert len(report.to_summary().encode().splitlines()) <= 10
    if len(report.results) == 1 and json.loads(data).get("kind") != "report":
        read_result(path).to_frame()
        compare(path, path).to_text().encode()


def _draw(*, always: bool) -> None:
    """Let matplotlib, which takes most of the time, draw a few reports' figures to the end."""
    for module in (agreement, figures, maps, over_time):
        module.svg_of = svg_of if always else lambda figure, name: name  # type: ignore[assignment]


@cache
def _workload(pattern: str) -> Any:
    bench = load_bench(pattern)
    settings, _ = bench.read({})
    return bench.workload_for(settings, None)


def _calibration(data: bytes, folder: Path) -> None:
    path = folder / "calibration.json"
    path.write_bytes(data)
    try:
        pattern = json.loads(data)["pattern"]
        bench = load_bench(pattern)
    except (ValueError, KeyError, TypeError, RecursionError):
        bench = load_bench("cache")
    kept = read_calibration(path, bench.calibration.shipped_costs)
    kept.describe().encode()
    settings, load = bench.read({})
    bench.model(_workload(bench.identity.pattern), kept.costs).predict(settings, load)


def _curve(data: bytes, folder: Path) -> None:
    os.environ["PERFLAB_CACHE_DIR"] = str(folder)
    kept = KeptCurves("f", "fuzz")
    path = kept._path("line")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    points = kept.read("line")
    for size, row in points.get("exact", {}).items():
        int(size), CacheCounts(*row)
    for draws in points.get("sampled", {}).values():
        [(int(number), Estimate(*values)) for number, values in draws.items()]


TARGETS: dict[str, Target] = {
    "saved_trace": _saved_trace,
    "saved_arrivals": partial(_saved, Arrivals.open),
    "saved_accesses": partial(_saved, Accesses.open),
    "saved_items": partial(_saved, Items.open),
    "saved_table": partial(_saved, TableFile.open),
    "trace_parquet": _parquet_trace,
    "recording": _recording,
    "lazy_parquet": partial(_lazy, "parquet"),
    "lazy_npy": partial(_lazy, "npy"),
    "lazy_sqlite": partial(_lazy, "sqlite"),
    "result": _result,
    "calibration": _calibration,
    "kept_curve": _curve,
}
