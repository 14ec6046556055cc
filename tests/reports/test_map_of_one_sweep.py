"""A report's map shows one sweep whole, not two with holes between their values."""

from __future__ import annotations

import numpy as np

import perflab
from perflab.bench import load_bench
from perflab.reports.maps import maps_of
from perflab.reports.report_scope import scope_of
from perflab.tuning.sweep import predictions


def test_points_of_two_sweeps_make_one_map_without_holes():
    bench = load_bench("lazy_loading")
    workload = bench.workload_for(bench.identity.settings_class(), "random:requests=2k")
    sweep = {"chunk_size": [11, 111, 1111], "max_chunks": [4, 14, 44]}
    swept = predictions("lazy_loading", workload, sweep=sweep)
    advice = perflab.tune("lazy_loading", workload)
    results = [swept, advice]
    maps = maps_of(bench, scope_of(bench, results), results)
    assert [each.heat_map for each in maps] == list(bench.display.heat_maps)
    for each in maps:
        assert np.isfinite(each.values).all()
        assert each.values.size == len(advice.points)
