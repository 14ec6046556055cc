"""The panel draws backend time saved beside the hit rate, where the workload has such times."""

import pytest

from perflab.bench import load_bench
from perflab.tuning.whatif import WhatIf
from perflab.workloads import Trace

SAVED = "backend_seconds_saved_share"
KEYS = [1, 2, 1, 3, 4, 1, 2, 5, 1, 3] * 20


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_line_beside_the_hit_rate(pattern):
    bench = load_bench(pattern)
    settings, load = bench.read({})
    seconds = [0.1 * key for key in KEYS]
    for trace, there in (
        (Trace.from_keys(KEYS, backend_seconds=seconds), True),
        (Trace.from_keys(KEYS), False),
    ):
        what_if = WhatIf(bench, trace, bench.calibration.shipped_costs)
        chart = what_if.charts(settings)[0]
        assert (SAVED in chart.also) == there
        what_if.model.predict(settings, load)
        assert (SAVED in what_if.curves(settings, load)[0]) == there


def test_scale_moves_latency_and_the_table_has_the_share(open_panel):
    trace = Trace.from_keys(KEYS, backend_seconds=[0.1 * key for key in KEYS])
    panel = open_panel(trace, {"max_cache_size": 10})
    assert panel.controls.controls["backend_seconds"].slider.disabled
    before = panel.forecast.prediction.metrics
    assert before[SAVED] > 0.9
    assert "by the workload's own backend times" in panel.status.text
    panel.controls.controls["backend_scale"].value = 10.0
    panel.wait(60)
    after = panel.forecast.prediction.metrics
    assert after["latency_seconds_mean"] > 9 * before["latency_seconds_mean"]
    assert after[SAVED] == pytest.approx(before[SAVED])
