import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.model import Sharpening
from perflab.patterns.cache.model import progressive as progressive_cache
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.whatif import WhatIf
from perflab.workloads.registry.traces import load_workload

LOAD = LoadSettings()
SETTINGS = CacheSettings(max_cache_size=8000, policy="fifo")


@pytest.fixture(scope="module")
def zipf():
    return load_workload("zipf:skew=0.9,keys=150k,requests=500k,seed=3")


@pytest.fixture
def what_if(zipf, monkeypatch, tmp_path):
    monkeypatch.setattr(progressive_cache, "LARGE", 400_000)
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench = load_bench("cache")
    return WhatIf(bench, zipf, bench.calibration.shipped_costs)


def hit_rates(what_if, policy):
    return what_if.curves(SETTINGS, LOAD)[0][policy]


def test_first_answer_is_sampled_and_says_how_exact(what_if):
    assert isinstance(what_if.model, Sharpening)
    found = what_if.at(SETTINGS, LOAD)
    assert 0 < found.sampled < 1
    assert 0 < found.error < 0.02


def test_a_cancelled_round_leaves_a_rough_line_with_a_wide_band(what_if):
    what_if.at(SETTINGS, LOAD)
    done = []
    ended = what_if.refine(
        SETTINGS, LOAD, lambda now, _: done.append(now), lambda: bool(done) and done[-1] >= 8
    )
    assert not ended
    line = hit_rates(what_if, "fifo")
    assert 5 <= len(line[0]) < 20
    assert all(low < y < high for low, y, high in zip(line.low, line[1], line.high, strict=True))


def test_all_rounds_narrow_the_band_and_make_the_present_point_exact(what_if, zipf):
    what_if.at(SETTINGS, LOAD)
    widths = []

    def changed(done, total):
        if done % 10 == 5:
            line = hit_rates(what_if, "fifo")
            widths.append(np.mean(np.subtract(line.high, line.low)))

    what_if.compared = {"policy": ("fifo",)}
    assert what_if.refine(SETTINGS, LOAD, changed)
    assert widths[-1] < widths[0]
    found = what_if.at(SETTINGS, LOAD)
    assert (found.sampled, found.error) == (1.0, 0.0)
    assert found.metrics["hits"] == CacheCounter(zipf).counts(SETTINGS, LOAD).hits


def test_a_line_of_lru_is_exact_at_all_its_sizes_in_the_end(what_if, zipf):
    settings = SETTINGS.change(policy="lru")
    assert what_if.refine(settings, LOAD, lambda *_: None)
    line = what_if.curves(settings, LOAD)[0]["lru"]
    assert line.low == line.high == line[1]
    assert len(line[0]) == len(load_bench("cache").axis("max_cache_size", zipf))


def test_lfu_has_no_rough_answer_and_comes_last_in_full(what_if, zipf):
    settings = SETTINGS.change(policy="lfu")
    assert what_if.at(settings, LOAD) is None
    what_if.compared = {"policy": ("lfu", "lru")}
    assert what_if.refine(settings, LOAD, lambda *_: None)
    found = what_if.at(settings, LOAD)
    assert (found.sampled, found.error) == (1.0, 0.0)
    assert found.metrics["hits"] == CacheCounter(zipf).counts(settings, LOAD).hits
    assert any("does not scale down" in remark for remark in found.remarks)
    line = what_if.curves(settings, LOAD)[0]["lfu"]
    assert len(line[0]) >= 20
    assert line.low == line.high


def test_other_lines_are_sampled_too(what_if):
    what_if.compared = {"policy": ("fifo", "sieve", "opt")}
    assert what_if.refine(SETTINGS, LOAD, lambda *_: None)
    lines = what_if.curves(SETTINGS, LOAD)[0]
    for policy in ("sieve", "opt"):
        assert len(lines[policy][0]) >= 20
        assert np.mean(np.subtract(lines[policy].high, lines[policy].low)) < 0.02
