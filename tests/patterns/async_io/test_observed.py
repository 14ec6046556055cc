"""Which points a load test and a calibration put beside the curves, and which they do not."""

import dataclasses
from pathlib import Path

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.patterns.async_io.model.user import guessed_points
from perflab.tuning.sweep import predictions

LOCUST = Path(__file__).parent / "locust_stats_history.csv"
URL = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def bench():
    return load_bench("async_io")


def observed(bench, costs=None, **values):
    return bench.display.observed(bench.read(values)[0], costs or {})


def test_the_levels_of_a_load_test_are_observed(bench):
    found = observed(bench, measured=str(LOCUST))
    assert found.source == "Locust: locust_stats_history.csv"
    assert found.along == "max_concurrent"
    assert [round(place) for place in found.places] == [1, 4, 16]
    rates = [metrics["throughput_per_second"] for metrics in found.metrics]
    assert rates == sorted(rates)
    assert found.metrics[-1]["latency_seconds_p50"] < found.metrics[-1]["latency_seconds_p99"]


def test_the_points_of_a_calibration_are_observed_before_a_users_server(bench):
    costs = {"points": {str(n): dataclasses.asdict(point) for n, point in guessed_points()}}
    found = observed(bench, costs, urls=URL)
    assert found.places == (1, 2, 4, 8, 16, 32)
    assert found.metrics[0]["throughput_per_second"] == pytest.approx(20)
    assert observed(bench, costs) is None
    assert observed(bench, urls=URL) is None


@pytest.mark.parametrize(
    "values",
    [{"load_model": "open"}, {"limit_mode": "auto"}, {"rate_limit": 50}, {"max_per_host": 2}],
)
def test_nothing_is_observed_where_it_would_not_be_comparable(bench, values):
    assert observed(bench, measured=str(LOCUST), **values) is None


def test_a_long_name_is_shortened(bench, tmp_path):
    path = tmp_path / f"{'checkout-service-' * 4}stats_history.csv"
    path.write_bytes(LOCUST.read_bytes())
    source = observed(bench, measured=str(path)).source
    assert len(source) <= 40
    assert source.startswith("Locust: checkout-")
    assert source.endswith("history.csv")


def test_results_that_are_gone_are_one_clear_error(bench, tmp_path):
    with pytest.raises(BadInputError, match="cannot be read"):
        observed(bench, measured=str(tmp_path / "gone.csv"))


def test_tuning_asks_a_law_for_no_more_than_twice_of_what_was_measured(bench):
    def most(**values):
        return bench.tuning_sweep(range(1000), bench.read(values)[0])["max_concurrent"][-1]

    assert most(measured=str(LOCUST)) == 31
    assert most(urls=URL) == 64
    assert most() == 256


def test_predictions_have_what_is_predicted_where_it_was_measured():
    values = {"measured": str(LOCUST), "retries": 0}
    found = predictions("async_io", None, values).observed
    assert len(found["places"]) == len(found["metrics"]) == len(found["predicted"]) == 3
    for measured, predicted in zip(found["metrics"], found["predicted"], strict=True):
        for name, value in measured.items():
            assert predicted[name] == pytest.approx(value, rel=0.05)


def test_predictions_over_another_setting_have_nothing_beside_them():
    values = {"measured": str(LOCUST), "max_concurrent": 4}
    assert predictions("async_io", None, values, {"retries": [0, 1]}).observed == {}
    assert predictions("async_io", None, values, {"max_concurrent": [2, 4]}).observed["places"]
