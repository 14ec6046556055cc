"""How values of metrics are written."""

import math

import pytest

from perflab.metrics.catalog import metric


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("hit_rate", 0.98764, "98.76 %"),
        ("latency_seconds_mean", 82.1e-6, "82.1 µs"),
        ("memory_bytes", 2.51 * 2**20, "2.51 MiB"),
        ("throughput_per_second", 5_300, "5.3 k/s"),
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
