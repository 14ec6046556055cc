import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.model import Sharpening
from perflab.patterns.cache.model import kept_curves
from perflab.patterns.cache.model import progressive as progressive_cache
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.kept_curves import KeptCurves
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.model.progressive import ProgressiveCacheModel, is_large
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.settings.folders import cache_folder
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.traces import load_workload

COSTS = load_bench("cache").calibration.shipped_costs
LOAD = LoadSettings()
SETTINGS = CacheSettings(max_cache_size=8000, policy="sieve")


@pytest.fixture(scope="module")
def zipf():
    return load_workload("zipf:skew=0.9,keys=150k,requests=500k,seed=3")


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    return tmp_path


def never():
    return False


def exact_hits(trace, settings):
    return CacheCounter(trace).counts(settings, LOAD).hits


def test_answers_get_sharper_and_end_exact(zipf, fresh):
    model = ProgressiveCacheModel.of(zipf, COSTS)
    assert isinstance(model, Sharpening)
    assert model.best_known(SETTINGS, LOAD) is None
    first = model.preview(SETTINGS, LOAD)
    rough = model.preview(SETTINGS, LOAD)
    assert 0 < first.sampled <= rough.sampled < 1
    assert not model.ready(SETTINGS, LOAD)
    sharp = model.predict(SETTINGS, LOAD)
    assert model.ready(SETTINGS, LOAD)
    assert sharp.error > 0
    assert sharp.sampled == rough.sampled < 1
    model.settle(SETTINGS, LOAD, never)
    exact = model.predict(SETTINGS, LOAD)
    assert (exact.sampled, exact.error) == (1.0, 0.0)
    assert exact.metrics["hits"] == exact_hits(zipf, SETTINGS)
    assert exact.metrics["hit_rate"] == pytest.approx(sharp.metrics["hit_rate"], abs=0.02)


def test_a_single_draw_has_the_band_of_the_quick_samples(zipf, fresh):
    model = ProgressiveCacheModel.of(zipf, COSTS)
    first = model.preview(SETTINGS, LOAD)
    second = model.preview(SETTINGS, LOAD)
    assert 0 < first.error <= second.error < 0.1
    assert second == model.best_known(SETTINGS, LOAD)
    assert second.metrics["hit_rate"] == pytest.approx(first.metrics["hit_rate"], abs=0.1)


def test_one_pass_makes_lru_exact_at_all_sizes(zipf, fresh):
    model = ProgressiveCacheModel.of(zipf, COSTS)
    settings = SETTINGS.change(policy="lru")
    model.settle(settings, LOAD, never)
    for size in (1, 77, 50_000, 10**9):
        there = settings.change(max_cache_size=size)
        found = model.best_known(there, LOAD)
        assert (found.error, found.metrics["hits"]) == (0.0, exact_hits(zipf, there))


def test_cancelled_before_its_turn_settles_nothing(zipf, fresh):
    model = ProgressiveCacheModel.of(zipf, COSTS)
    model.settle(SETTINGS, LOAD, lambda: True)
    assert model.best_known(SETTINGS, LOAD) is None


def test_some_of_the_requests_are_answered_exactly(zipf, fresh):
    found = ProgressiveCacheModel.of(zipf, COSTS).predict(SETTINGS, LOAD, slice(100, 9000))
    expected = CacheModel.of(zipf, COSTS).predict(SETTINGS, LOAD, slice(100, 9000))
    assert found == expected


def test_what_is_known_is_there_at_the_next_start(zipf, fresh):
    model = ProgressiveCacheModel.of(zipf, COSTS)
    sharp = model.predict(SETTINGS, LOAD)
    model.settle(SETTINGS.change(max_cache_size=500), LOAD, never)
    again = ProgressiveCacheModel.of(zipf, COSTS)
    assert again.best_known(SETTINGS, LOAD) == sharp
    assert again.best_known(SETTINGS.change(max_cache_size=500), LOAD).error == 0
    other = ProgressiveCacheModel.of(zipf.prefix(400_000), COSTS)
    assert other.best_known(SETTINGS, LOAD) is None
    aged = LoadSettings(request_rate=10)
    assert again.best_known(SETTINGS.change(ttl_seconds=9), aged) is None


def test_damaged_and_foreign_files_are_no_answers(zipf, fresh):
    ProgressiveCacheModel.of(zipf, COSTS).settle(SETTINGS, LOAD, never)
    for damage in (b"{", b"[]", b'{"exact": 5}', b""):
        for path in (fresh / "curves").iterdir():
            path.write_bytes(damage)
        assert ProgressiveCacheModel.of(zipf, COSTS).best_known(SETTINGS, LOAD) is None


def test_a_folder_that_cannot_be_written_is_no_error(zipf, fresh):
    (fresh / "curves").write_text("a file in the folder's place")
    model = ProgressiveCacheModel.of(zipf, COSTS)
    model.settle(SETTINGS, LOAD, never)
    assert model.best_known(SETTINGS, LOAD).error == 0


def test_files_stay_under_their_bound_and_the_used_ones_stay(fresh):
    row = {"exact": {"1": [1] * 8}}
    kept = KeptCurves("f", "m", most_bytes=10 * len('{"exact":{"1":[1,1,1,1,1,1,1,1]}}'))
    for number in range(9):
        kept.write(number, row)
    assert kept.read(0) == row
    for number in range(9, 14):
        kept.write(number, row)
    assert kept.read(0) == row
    assert kept.read(1) == {}
    assert len(list((cache_folder() / "curves").iterdir())) == 10


def test_two_writers_of_a_curve_keep_what_each_has_found(fresh):
    KeptCurves("f", "m").write("line", {"exact": {"1": [1] * 8}})
    KeptCurves("f", "m").write("line", {"exact": {"2": [2] * 8}})
    assert KeptCurves("f", "m").read("line") == {"exact": {"1": [1] * 8, "2": [2] * 8}}
    assert kept_curves.MOST_BYTES == 64 * 2**20


def test_small_traces_and_traces_of_few_keys_stay_exact(zipf, monkeypatch):
    assert not is_large(zipf)
    assert type(load_bench("cache").quick_model(zipf, COSTS)) is CacheModel
    monkeypatch.setattr(progressive_cache, "LARGE", 400_000)
    assert is_large(zipf)
    assert type(load_bench("cache").quick_model(zipf, COSTS)) is ProgressiveCacheModel
    few = Trace("few", np.arange(500_000, dtype=np.int32) % 20_000, 20_000, check=False)
    assert not is_large(few)
