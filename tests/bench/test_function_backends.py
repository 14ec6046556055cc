"""A function of the user's is called no more often than it was said, by every bench."""

import sys
import textwrap

import pytest

from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.lab.live import LiveRun
from perflab.lab.verbs import run
from perflab.tuning.sweep import predictions

MODULE = """
import time

def note():
    with open({log!r}, "a") as file:
        file.write(f"{{time.monotonic()}}\\n")

def one(key):
    note()
    return key

def many(start, stop):
    note()
    return list(range(start, min(stop, 100_000)))

def leaves(*arguments):
    raise SystemExit(3)

def interrupts(*arguments):
    raise KeyboardInterrupt
"""
MISSES = "scan:keys=1M,requests=1M"
CASES = [
    ("cache", MISSES, {"backend": "capped_backend:one", "max_cache_size": 10}),
    ("cache", MISSES, {"backend": "capped_backend:one", "max_cache_size": 10, "concurrency": 8}),
    ("redis_cache", MISSES, {"backend": "capped_backend:one"}),
    ("prefetching", None, {"backend": "capped_backend:many", "batch_size": 1, "workers": 4}),
    ("lazy_loading", None, {"data_source": "capped_backend:many", "chunk_size": 1}),
]


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Put a module with backends on the path of this process and of a run's; return its calls."""
    log = tmp_path / "calls"
    (tmp_path / "capped_backend.py").write_text(textwrap.dedent(MODULE.format(log=str(log))))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    yield lambda: sorted(float(line) for line in log.read_text().splitlines())
    sys.modules.pop("capped_backend", None)


def most_in_a_second(times):
    first, most = 0, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize(("pattern", "workload", "values"), CASES)
def test_a_function_is_called_200_times_a_second_at_most(calls, pattern, workload, values):
    bench = load_bench(pattern)
    settings, load = bench.read(values)
    trace = bench.workload_for(settings, workload)
    live = LiveRun(bench, trace, settings, load, seconds=1.2, loop=False)
    try:
        done = live.wait()
    finally:
        live.close()
    assert 20 < most_in_a_second(calls()) <= 205
    assert any("at most 200 times per second" in note for note in done.notes)


def test_calibration_is_capped_too_and_the_wait_is_no_latency(calls, capfd):
    done = run("cache", MISSES, CASES[0][2], 1.0)
    assert 20 < most_in_a_second(calls()) <= 205
    assert "at most 200 times per second" in capfd.readouterr().err
    assert done.calibration["costs"]["miss"]["mean"] < 0.004
    assert done.metrics["latency_seconds_p50"] < 0.004
    assert done.metrics["throughput_per_second"] <= 210


def test_a_higher_request_rate_raises_the_cap_and_says_so(calls):
    values = {**CASES[0][2], "request_rate": 600}
    bench = load_bench("cache")
    assert "600 times per second" in bench.live.notice(*bench.read(values))
    done = run("cache", MISSES, values, 1.0, progress=False)
    assert 205 < most_in_a_second(calls()) <= 620
    assert any("600 times per second" in note for note in done.notes)


def test_a_prediction_says_that_it_knows_nothing_of_the_cap(calls):
    del calls
    found = predictions("cache", "loop:keys=10,requests=100", CASES[0][2])
    assert any("at most 200 times per second" in remark for remark in found.remarks)
    plain = predictions("cache", "loop:keys=10,requests=100", {})
    assert not any("per second" in remark for remark in plain.remarks)


@pytest.mark.parametrize("name", ["leaves", "interrupts"])
@pytest.mark.parametrize("pattern", ["cache", "prefetching"])
def test_a_function_that_would_end_the_program_fails_as_others_do(calls, pattern, name):
    del calls
    with pytest.raises(BadInputError, match=r"SystemExit 3|KeyboardInterrupt"):
        run(pattern, None, {"backend": f"capped_backend:{name}"}, 1, progress=False)


def test_a_module_that_raises_is_one_clear_error_in_every_bench(calls, tmp_path):
    del calls
    (tmp_path / "raising_module.py").write_text("raise SystemExit(4)")
    for pattern, key in (("cache", "backend"), ("lazy_loading", "data_source")):
        with pytest.raises(BadInputError, match="SystemExit: 4"):
            run(pattern, None, {key: "raising_module:load"}, 1, progress=False)
