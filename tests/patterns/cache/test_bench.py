import dataclasses

import pytest

from perflab.bench import bench_names, load_bench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import METRICS
from perflab.modelling.latency import QUANTILES
from perflab.patterns.cache.axes import round_up
from perflab.patterns.cache.policies import POLICIES, WHAT_IF_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.workloads.kinds.trace import Trace

BENCH = load_bench("cache")


def test_the_bench_is_found_by_its_entry_point():
    assert "cache" in bench_names()
    with pytest.raises(BadInputError, match="did you mean 'cache'"):
        load_bench("cahce")


def test_one_mapping_is_split_into_pattern_and_load():
    settings, load = BENCH.read({"max_cache_size": "10k", "concurrency": 4})
    assert (settings.max_cache_size, load.concurrency) == (10_000, 4)
    with pytest.raises(BadInputError, match="max_cache_size"):
        BENCH.read({"max_cachesize": 1})


def test_what_it_names_is_known():
    for key in (
        *BENCH.display.sliders,
        *BENCH.display.panel_defaults,
        BENCH.tuning.tuned,
        *BENCH.tuning.also_tuned,
    ):
        assert BENCH.info(key).meaning
    names = {name for chart in BENCH.display.live_charts for name in chart.metrics}
    names |= {chart.metric for chart in BENCH.display.what_if_charts} | set(BENCH.display.headline)
    assert names <= set(METRICS)
    BENCH.read(BENCH.display.panel_defaults)


def test_shipped_costs_are_whole():
    for outcome in ("hit", "miss"):
        quantiles = BENCH.calibration.shipped_costs[outcome]["quantiles"]
        assert len(quantiles) == len(QUANTILES)
        assert quantiles == sorted(quantiles)


def test_an_axis_ends_where_all_keys_fit():
    trace = Trace.from_keys(range(5000))
    sizes = BENCH.axis("max_cache_size", trace)
    assert sizes[-1] == 5000
    assert sizes == sorted(set(sizes))
    assert BENCH.axis("max_cache_size", Trace.from_keys([1])) == [1]
    assert BENCH.tuning_sweep(trace, CacheSettings())["max_cache_size"][-1] == 5000


def test_an_axis_of_bytes_ends_where_all_keys_fit():
    trace = Trace.from_keys([1, 2, 1, 3], sizes=[40, 30, 40, 30])
    capacities = BENCH.axis("max_bytes", trace)
    assert (capacities[0], capacities[-1]) == (40, 100)
    assert BENCH.axis("max_bytes", Trace.from_keys([1]))[-1] == 2**36
    assert BENCH.axis("max_bytes", Trace.from_keys([1], sizes=[0])) == [1, 2]


@pytest.mark.parametrize("policy", WHAT_IF_POLICIES)
def test_what_has_no_live_implementation_cannot_run_and_says_why(policy):
    settings, load = BENCH.read({"policy": policy})
    reason = "knows the future" if policy == "opt" else "is built as a simulation only"
    with pytest.raises(BadInputError, match=rf"{reason}, so it is what-if only.*take one of lru"):
        BENCH.live.check(settings, load)


def test_the_default_chart_has_few_lines_and_offers_all_policies():
    chart = BENCH.display.what_if_charts[0]
    assert chart.values == POLICIES
    assert set(chart.compared) < set(POLICIES)
    assert len(chart.compared) <= 5


def test_the_ceiling_is_drawn_without_a_ttl():
    settings, _ = BENCH.read({"ttl_seconds": "30m", "policy": "lru"})
    assert BENCH.display.settings_for_line(settings, "policy", "opt").ttl_seconds is None
    assert BENCH.display.settings_for_line(settings, "policy", "fifo").ttl_seconds == 1800


def _without_backend_times(chart):
    saved = "backend_seconds_saved_share"
    return dataclasses.replace(chart, also=tuple(n for n in chart.also if n != saved))


def test_charts_by_bytes_stand_in_the_same_places():
    sized, plain = Trace.from_keys([1, 2], sizes=[3, 4]), Trace.from_keys([1, 2])
    bound, _ = BENCH.read({"max_bytes": "1MiB"})
    free, _ = BENCH.read({})
    assert (
        BENCH.display.charts_for(bound, plain)
        == BENCH.display.charts_for(free, sized)
        == tuple(map(_without_backend_times, BENCH.display.what_if_charts))
    )
    by_bytes = BENCH.display.charts_for(bound, sized)
    assert [c.metric for c in by_bytes] == [c.metric for c in BENCH.display.what_if_charts]
    assert {c.along for c in by_bytes} == {"max_bytes"}
    assert "opt" not in by_bytes[0].values


def test_bytes_are_tuned_where_they_bound():
    sized = Trace.from_keys(range(3000), sizes=[1500] * 3000)
    swept = BENCH.tuning_sweep(sized, CacheSettings(max_bytes=2**20))
    assert set(swept) == {"max_bytes", "policy"}
    assert swept["max_bytes"][-1] >= 3000 * 1500
    assert "max_cache_size" in BENCH.tuning_sweep(sized, CacheSettings())


@pytest.mark.parametrize(
    ("size", "unit", "wanted"),
    [(1234, "", 1300), (99, "", 99), (5 * 2**20 + 1, "bytes", round(5.1 * 2**20))],
)
def test_sizes_are_rounded_up_to_what_people_write(size, unit, wanted):
    assert round_up(size, unit) == pytest.approx(wanted, abs=1)
