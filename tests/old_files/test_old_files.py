"""Files that releases wrote open for ever, and say what they said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import perflab
from perflab.patterns.prefetching.items import Items
from perflab.tuning.comparison import read_result
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import open_accesses, open_arrivals, open_trace

HERE = Path(__file__).parent
RELEASES = sorted(path for path in HERE.iterdir() if path.name[0].isdigit())
PATTERNS = (
    *("cache", "redis_cache", "lazy_loading", "connection_pool"),
    *("prefetching", "streaming", "async_io"),
)

release = pytest.mark.parametrize("release", RELEASES, ids=[path.name for path in RELEASES])
pattern = pytest.mark.parametrize("pattern", PATTERNS)


def unpacked(archive: Path, folder: Path) -> Path:
    made = folder / archive.name.removesuffix(".gz")
    made.write_bytes(gzip.decompress(archive.read_bytes()))
    return made


@release
@pattern
def test_results_open_and_make_a_report(release, pattern, tmp_path):
    files = [
        unpacked(release / f"{kind}-{pattern}.json.gz", tmp_path)
        for kind in ("run", "recommendation", "prediction")
    ]
    run, recommendation, _ = map(read_result, files)
    said = json.loads(files[0].read_text())
    assert run.pattern == recommendation.pattern == pattern
    assert run.metrics["requests"] == said["metrics"]["requests"] > 0
    assert {**run.settings, **said["settings"]} == run.settings
    report = perflab.report(files, tmp_path / "report.html")
    assert f"{said['metrics']['requests']:,.0f}" in report.read_text()


@release
def test_two_runs_of_one_pattern_are_compared(release, tmp_path):
    first = unpacked(release / "run-cache.json.gz", tmp_path)
    rows = perflab.compare(first, first).metrics
    assert "hit_rate" in {row["metric"] for row in rows}
    assert {row["judgement"] for row in rows} == {"same"}


@release
def test_report_as_json_makes_a_report_again(release, tmp_path):
    file = unpacked(release / "report.json.gz", tmp_path)
    made = perflab.report([file], tmp_path / "again.html")
    assert "hit rate" in made.read_text()


@release
def test_saved_trace_is_what_it_was(release):
    trace = open_trace(release / "trace")
    assert [str(trace.keys[n]) for n in trace.ids[:40]] == [f"key {n * n % 37}" for n in range(40)]
    assert np.array_equal(trace.times, [n / 4 for n in range(500)])
    assert np.array_equal(trace.sizes, [n % 90 for n in range(500)])
    assert set(trace.ttls) == {60.0}


@release
def test_converted_trace_and_recording_are_read(release):
    assert len(perflab.read_trace(release / "trace.parquet").ids) == 500
    recorded = perflab.read_trace(release / "recording")
    assert len(recorded.ids) == 2000
    assert len(recorded.keys) == len({n * n % 101 for n in range(2000)})


def test_recording_of_its_second_format_is_read():
    recorded = perflab.read_trace(HERE / "recording_2")
    before = perflab.read_trace(HERE / "0.1.0" / "recording")
    assert np.array_equal(recorded.ids, before.ids)
    assert np.array_equal(recorded.sizes, before.sizes)
    assert "hit 95.5 % of 2,000 requests" in " ".join(recorded.notes)
    assert "clear" in " ".join(recorded.notes)


def test_recording_of_its_third_format_holds_operations():
    recorded = perflab.read_trace(HERE / "recording_3")
    counts = {code.name: count for code, count in recorded.operation_counts.items()}
    assert counts == {"GET": 201, "SET": 45, "DELETE": 47}
    assert recorded.operations[-8:].tolist() == [3] * 7 + [0]


def test_traces_of_the_second_format_hold_operations():
    saved = open_trace(HERE / "trace_2")
    written = perflab.read_trace(HERE / "trace_2.parquet")
    assert saved.operations.tolist() == [(0, 1, 0, 2, 3)[n % 5] for n in range(500)]
    assert np.isinf(saved.ttls[3])
    assert written.fingerprint == saved.fingerprint
    assert written.notes == ()


def test_traces_of_the_third_format_hold_backend_times():
    saved = open_trace(HERE / "trace_3")
    written = perflab.read_trace(HERE / "trace_3.parquet")
    wanted = [np.nan if n % 5 == 0 else n % 90 / 1000 for n in range(500)]
    assert np.array_equal(saved.backend_seconds, wanted, equal_nan=True)
    assert written.fingerprint == saved.fingerprint
    assert written.notes == ()


@release
def test_saved_workloads_of_the_other_benches_are_read(release):
    arrivals = open_arrivals(release / "arrivals")
    assert len(arrivals.times) == 300
    assert 3 < arrivals.times[-1] - arrivals.times[0] < 12
    accesses = open_accesses(release / "accesses")
    assert len(accesses.rows) == 300
    assert 0 <= accesses.rows.min() <= accesses.rows.max() < 2000
    assert describe(Items.open(release / "items"))


@release
@pattern
def test_a_baseline_differs_in_no_setting_from_itself(release, pattern, tmp_path):
    file = unpacked(release / f"prediction-{pattern}.json.gz", tmp_path)
    point = json.loads(file.read_text())["points"][0]
    values = {**json.loads(file.read_text()), "points": [point]}
    file.write_text(json.dumps(values))
    metric = next(iter(point["metrics"]))
    assert perflab.check(file, limits=[f"{metric}>=0"]).changed == ()
