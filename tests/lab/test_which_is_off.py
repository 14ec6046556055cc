from __future__ import annotations

import dataclasses

import pytest

import perflab
from perflab.bench import load_bench
from perflab.cli.run import write_run
from perflab.instrumentation.catalog import metric
from perflab.lab.bands import TAILS, Bands
from perflab.lab.calibration import calibration_for, keep_calibration
from perflab.lab.which_is_off import slower, verdict_on, which_is_off, which_is_off_in
from perflab.panels.table import difference
from perflab.reports.measured import measured_table

CACHE = {
    "hit_rate": 0.9,
    "latency_seconds_mean": 1e-4,
    "latency_seconds_p50": 1e-6,
    "throughput_per_second": 1e4,
}
POOL = {
    "service_seconds_mean": 0.01,
    "wait_seconds_mean": 0.02,
    "latency_seconds_mean": 0.03,
    "utilisation": 0.8,
    "throughput_per_second": 300.0,
}
STREAM = {"throughput_per_second": 1e6, "latency_seconds_mean": 0.1, "memory_bytes": 1e8}
PREFETCH = {
    "stall_fraction": 0.4,
    "throughput_per_second": 2000.0,
    "fetch_seconds_mean": 0.05,
    "consume_seconds_mean": 2e-4,
}
KNOWN = {"cache": CACHE, "connection_pool": POOL, "streaming": STREAM}


def times(values, factor):
    """Return metrics as they are on a machine that takes so many times longer."""
    scaled = {}
    for name, value in values.items():
        by = {"seconds": factor, "per": 1 / factor}
        scaled[name] = value * next((by[word] for word in by if word in name.split("_")), 1.0)
    return scaled | {
        name: value * factor for name, value in values.items() if name.endswith("_mean")
    }


@pytest.mark.parametrize("pattern", KNOWN)
@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (3.0, "was 3× slower than when it was calibrated"),
        (1.46, "was 1.46× slower"),
        (0.25, "was 4× faster"),
    ],
)
def test_a_machine_of_another_speed_is_told_from_a_model_that_is_off(pattern, factor, said):
    now = times(KNOWN[pattern], factor)
    told = which_is_off(load_bench(pattern), now, KNOWN[pattern], now)
    assert said in told
    assert "the model is right: measure again" in told


@pytest.mark.parametrize("pattern", KNOWN)
def test_a_model_that_is_off_with_the_run_s_own_times_is_told(pattern):
    real = times(KNOWN[pattern], 2.0)
    told = which_is_off(load_bench(pattern), real, KNOWN[pattern], KNOWN[pattern])
    assert told.startswith("The model is off for ")
    assert "calibrated" not in told


@pytest.mark.parametrize("pattern", ["async_io", "connection_pool", "lazy_loading", "prefetching"])
def test_nothing_is_blamed_before_the_run_has_told_of_its_requests(pattern):
    known = {**CACHE, **PREFETCH, **POOL, "latency_seconds_p95": 0.05}
    bench, real = load_bench(pattern), times(known, 2.0)
    told = which_is_off(bench, real, known, known, running=True)
    assert told.startswith("So far ")
    assert "come when the run ends" in told
    assert "model" not in told
    assert "other programs" not in told
    assert "model is off" in which_is_off(bench, real, known, known)
    assert "So far" not in which_is_off(bench, known, known, known, running=True)
    # No request tells of memory.
    larger = {**known, "memory_bytes": 1e9}
    told = which_is_off(bench, larger, {**larger, "memory_bytes": 1e8}, larger, running=True)
    assert "So far" not in told


def test_both_can_be_off():
    real, own = times(CACHE, 6.0), times(CACHE, 3.0)
    told = which_is_off(load_bench("cache"), real, CACHE, own)
    assert "3× slower" in told
    assert "the model is off for mean latency" in told


@pytest.mark.parametrize("pattern", KNOWN)
def test_predictions_that_hold_are_told_with_what_was_looked_at(pattern):
    real = times(KNOWN[pattern], 1.05)
    told = which_is_off(load_bench(pattern), real, KNOWN[pattern], KNOWN[pattern])
    assert told.startswith("The predictions hold, within their bands, for ")


@pytest.mark.parametrize(
    ("predicted", "refitted"),
    [({}, CACHE), (CACHE, {}), ({"hits": 1.0}, {"hits": 2.0})],
    ids=["no-calibration", "no-own-times", "nothing-judged"],
)
def test_nothing_is_told_where_nothing_can_be(predicted, refitted):
    assert which_is_off(load_bench("cache"), CACHE, predicted, refitted) == ""


def test_what_is_no_number_is_left_aside():
    strange = {**CACHE, "latency_seconds_mean": float("nan"), "hit_rate": float("inf")}
    told = which_is_off(load_bench("cache"), strange, CACHE, CACHE)
    assert told == "The predictions hold, within their bands, for throughput."
    assert "hit rate" not in told


def test_the_work_that_changed_most_tells_how_much_slower_the_machine_was():
    for fetch, consume, said in ((1.05, 6.0, "6× slower"), (0.5, 1.2, "2× faster")):
        now = PREFETCH | {
            "stall_fraction": 0.01,
            "throughput_per_second": 800.0,
            "fetch_seconds_mean": 0.05 * fetch,
            "consume_seconds_mean": 2e-4 * consume,
        }
        assert slower(PREFETCH, now) == pytest.approx(max(fetch, consume) if fetch > 1 else fetch)
        assert said in which_is_off(load_bench("prefetching"), now, PREFETCH, now)


@pytest.mark.parametrize("factor", [1.0, 5.0])
def test_a_size_or_count_beyond_its_band_is_named_whatever_the_machine(factor):
    sizes = {"memory_bytes": 2.0e6, "evictions": 900.0, "expirations": 40.0}
    real = times(CACHE, factor) | {**sizes, "memory_bytes": 7.0e6, "evictions": 1300.0}
    own = times(CACHE, factor) | sizes
    told = which_is_off(load_bench("cache"), real, CACHE | sizes, own)
    assert "he model is off for memory and evictions, even with the run's own times" in told
    assert "the model is right" not in told
    assert ("5× slower" in told) == (factor > 1)
    refitted = own | {"memory_bytes": 7.0e6, "evictions": 1300.0}
    told = which_is_off(load_bench("cache"), real, CACHE | sizes, refitted)
    assert "off for" not in told
    fits = "measure again" if factor > 1 else "does not fit this load (memory and evictions)"
    assert fits in told


def test_a_pace_that_the_user_set_says_nothing_of_the_machine():
    own = {**STREAM, "throughput_per_second": 5e5, "latency_seconds_mean": 0.1}
    assert slower(STREAM, own, paced=True) == 1.0
    told = which_is_off(load_bench("streaming"), own, STREAM, own, paced=True)
    assert "than when it was calibrated" not in told
    # The table marks it, so that the sentence has a word on it.
    assert told == "The model is right; the calibration does not fit this load (throughput)."
    held = which_is_off(load_bench("streaming"), STREAM, STREAM, STREAM, paced=True)
    assert "throughput" not in held


def test_a_run_on_costs_of_a_faster_machine_says_so_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    bench = load_bench("cache")
    checked = bench.read({})
    costs = calibration_for(bench, *checked).costs
    fast = {
        name: {**costs[name], "mean": costs[name]["mean"] / 50}
        | {"quantiles": [value / 50 for value in costs[name]["quantiles"]]}
        for name in ("hit", "miss")
    }
    keep_calibration(bench, *checked, {**fast, "overhead_seconds": 0.0})
    run = perflab.run("cache", "zipf:keys=500,requests=20k", {}, seconds=2, progress=False)
    said = "× slower than when it was calibrated"
    assert said in write_run(run)
    for name in ("a.html", "a.md"):
        perflab.report([run], tmp_path / name)
        assert said in (tmp_path / name).read_text()


def test_one_request_judges_no_machine():
    one = {"requests": 1.0, "hit_rate": 0.0, "latency_seconds_mean": 1.0}
    said = which_is_off(load_bench("cache"), one, {**one, "latency_seconds_mean": 1e-5}, one)
    assert said == "1 request: too few to tell whether a prediction holds."


EVERY = ("cache", "redis_cache", "connection_pool", "lazy_loading", "prefetching", "streaming")


@pytest.mark.parametrize("pattern", [*EVERY, "async_io"])
@pytest.mark.parametrize("factor", [1.0, 1.3, 3.0])
@pytest.mark.parametrize("own_factor", [1.0, 1.3, 3.0])
def test_the_sentence_names_what_the_table_marks(pattern, factor, own_factor):
    bench = load_bench(pattern)
    wide = Bands(0.4)
    for info in map(metric, bench.display.headline):
        before, own = (dict.fromkeys(bench.display.headline, 0.2) for _ in range(2))
        real = before | {info.name: 0.2 * factor + (info.unit == "bytes") * 1e8 * (factor > 1)}
        own |= {info.name: 0.2 * own_factor}
        cell = difference(info, before, real, wide)
        told = which_is_off(bench, real, before, own, bands=wide)
        off = f"the model is off for {info.plain}" in told.replace("The", "the")
        if "class='on'" in cell:
            assert not off, (told, cell)
        else:
            assert info.plain in told or "than when it was calibrated" in told, (told, cell)
            assert off == (verdict_on(info, real, before, own, bands=wide) == "model") or (
                info.name.endswith(TAILS)
            )
        # What nothing refitted explains is named all the same.
        del own[info.name]
        told = which_is_off(bench, real, before, own, bands=wide)
        named = f"{info.plain} is beyond".lower() in told.lower()
        assert named == ("class='off'" in cell), (told, cell)


def test_the_report_marks_a_refitted_value_where_the_sentence_says_the_model_is_off():
    bench = load_bench("prefetching")
    calibration = calibration_for(bench, *bench.read({}))
    done = perflab.run("prefetching", "items:count=2k", {}, seconds=1, progress=False)
    name = "stall_fraction"
    measured = {**(done.since_change or done.metrics), name: 0.9}
    for predicted, tones in ((0.88, ["", ""]), (0.3, ["worse", "worse"])):
        run = dataclasses.replace(
            done,
            metrics=measured,
            since_change={},
            calibration=dataclasses.replace(calibration, source="measured").to_dict(),
            predicted={**done.predicted, name: predicted},
            fitted={**done.fitted, name: 0.3},
        )
        (row,) = [row for row in measured_table(bench, run, "t", "t").rows if row[0].value == name]
        assert [row[4].tone, row[5].tone] == tones
        said = which_is_off_in(run, bench).partition("model is off for")[2]
        assert ("stall fraction" in said) == (tones[0] == "worse")
