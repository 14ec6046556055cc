"""How values of metrics are written."""

import math
import subprocess
import sys

import pytest

from perflab.bench import bench_names, load_bench
from perflab.instrumentation.catalog import METRICS, SHARED, MetricInfo, declare, metric


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("hit_rate", 0.98764, "98.8 %"),
        ("latency_seconds_mean", 82.1e-6, "82.1 µs"),
        ("memory_bytes", 2.51 * 2**20, "2.51 MiB"),
        ("throughput_per_second", 5_300, "5.3k/s"),
        ("evictions", 21_617, "21,617"),
        ("evictions", 163_830.4, "163,830"),
        ("read_amplification", 1.23456, "1.23"),
        ("evictions", None, "n/a"),
        ("evictions", math.nan, "n/a"),
    ],
)
def test_a_value_is_written_with_its_unit_and_no_more_digits_than_tell(name, value, written):
    assert metric(name).format(value) == written


def test_a_label_is_a_part_of_a_sentence():
    assert metric("latency_seconds_mean").plain == "mean latency"


def test_a_metric_that_is_none_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'hit_rate'"):
        metric("hitrate")


def test_a_metric_of_a_pattern_is_known_where_no_bench_is_in_use():
    code = "from perflab.instrumentation import metric; print(metric('rows_rejected').label)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "rows rejected\n"


@pytest.mark.parametrize(
    "changed",
    [
        MetricInfo("hits", "hits", "requests", "lower"),
        MetricInfo("hits", "hits", "calls", "higher"),
        MetricInfo("hits", "found", "requests", "higher"),
    ],
    ids=["better", "unit", "label"],
)
def test_two_declarations_that_differ_are_refused_and_none_of_them_is_known(changed):
    with pytest.raises(ValueError, match="'a test' declares the metric 'hits'"):
        declare((MetricInfo("of_a_test", "of a test", "tests", "lower"), changed), "'a test'")
    assert "of_a_test" not in METRICS
    assert METRICS["hits"] == SHARED["hits"]


def test_a_name_declared_twice_by_one_owner_is_refused_too():
    infos = [MetricInfo("twice", "twice", unit, "lower") for unit in ("rows", "lines")]
    with pytest.raises(ValueError, match=r"twice.*\(lines.*twice.*\(rows"):
        declare(infos, "'a test'")
    assert "twice" not in METRICS


def test_what_is_declared_alike_is_known_once():
    for owner in ("one", "another"):
        declare([SHARED["hits"], SHARED["retries"]], owner)
    assert list(METRICS).count("hits") == 1


@pytest.mark.parametrize("pattern", bench_names())
def test_metrics_of_a_bench_do_not_repeat_the_shared_ones(pattern):
    own = [info.name for info in load_bench(pattern).display.metric_infos]
    assert len(own) == len(set(own))
    assert not set(own) & set(SHARED)
