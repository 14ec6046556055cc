"""What a run of each bench measures is what it says that alerts can be on."""

from __future__ import annotations

import pytest

from perflab.bench import bench_names, load_bench
from perflab.instrumentation.catalog import OF_EVERY_RUN
from perflab.lab.alerts import alert_for, example_alert
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun

WORKLOADS = {
    "cache": "zipf:skew=0.9,keys=2k,requests=20k",
    "redis_cache": "zipf:skew=0.9,keys=2k,requests=20k",
    "connection_pool": "poisson:rate=300,requests=2k",
    "async_io": "poisson:rate=300,requests=2k",
    "lazy_loading": "hotspot:requests=20k",
    "prefetching": "items:count=20k",
}
SELDOM = {
    "cache": {"byte_hit_rate"},  # of traces with sizes
}
SETTINGS = {"prefetching": {"consume_seconds": "10us"}}


@pytest.mark.parametrize("pattern", bench_names())
def test_run_measures_all_that_alerts_may_be_on_and_no_more(pattern):
    bench = load_bench(pattern)
    settings, load = bench.read(SETTINGS.get(pattern))
    workload = bench.workload_for(settings, WORKLOADS.get(pattern))
    shipped = Calibration(pattern, "", dict(bench.calibration.shipped_costs), "shipped")
    alert = alert_for(bench, example_alert(bench))
    live = LiveRun(
        bench,
        workload,
        settings,
        load,
        seconds=2.5,
        loop=True,
        alerts=(alert,),
        calibration=shipped,
    )
    try:
        found = live.wait()
    finally:
        live.close()
    measured = set(found.metrics) & set(bench.known_metrics())
    declared = set(bench.measured_metrics())
    assert measured <= declared
    assert declared - measured == SELDOM.get(pattern, set())
    assert declared >= OF_EVERY_RUN
    assert not any("could not fire" in note for note in found.notes)
