"""The client's what-if: bounds that hold, limits that count, and laws that are fitted."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.modelling.latency import QUANTILES
from perflab.modelling.usl import Usl
from perflab.patterns.async_io.calibration import async_renewed
from perflab.patterns.async_io.costs import AsyncIOCosts
from perflab.patterns.async_io.model.own import service_times
from perflab.patterns.async_io.model.predict import AsyncIOModel
from perflab.patterns.async_io.model.user import UserServer, guessed_points
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.settings import LoadSettings
from perflab.workloads.registry.arrivals import load_arrivals

COSTS = {
    "bottleneck_seconds": {"1": 1e-4, "256": 2e-4},
    "delay_seconds": 4e-4,
    "timer_seconds": {"4": 5e-4, "64": 5e-4},
}
LAW = Usl(20.0, 0.05, 0.001)


@pytest.fixture(scope="module")
def model():
    return AsyncIOModel.of(load_arrivals("poisson:rate=500,requests=20k,seed=1"), COSTS)


def predict(model, costs=COSTS, requests=None, rate=None, **values):
    settings = AsyncIORunSettings.read({"retries": 0, "urls": None, **values})
    load = LoadSettings.read({"request_rate": rate})
    return model.with_costs(costs).predict(settings, load, requests)


def points(*numbers):
    return {
        str(n): {
            "throughput": LAW.throughput(n) * (1 - 0.01 * n),
            "latency": {"mean": LAW.seconds(n), "quantiles": [LAW.seconds(n)] * len(QUANTILES)},
            "error_share": 0.01 * n,
        }
        for n in numbers
    }


def measured(*numbers):
    return AsyncIOCosts.of({"points": points(*numbers)}).points


@pytest.mark.parametrize("capacity", [4, 32, None])
@pytest.mark.parametrize("limit", [1, 2, 8, 32, 64, 256])
def test_a_closed_loop_is_within_its_asymptotic_bounds(model, capacity, limit):
    found = predict(model, capacity=capacity, max_concurrent=limit, latency_seconds=0.02).metrics
    cycle = 0.02 + 1e-4 + 9e-4
    bound = min(limit / cycle, (capacity or math.inf) / 0.02, 1 / 1e-4)
    assert found["throughput_per_second"] <= bound * 1.001
    if capacity is not None or limit <= 64:
        assert found["throughput_per_second"] >= 0.9 * bound
    little = found["throughput_per_second"] * found["latency_seconds_mean"]
    assert little == pytest.approx(limit, rel=0.01)


@given(limit=st.integers(1, 200), rate=st.sampled_from([50.0, 400.0]))
@hypothesis_settings(max_examples=20)
def test_a_rate_limit_is_never_exceeded(limit, rate):
    model = AsyncIOModel.of(load_arrivals("poisson:rate=500,requests=2k,seed=1"), COSTS, 2000)
    found = predict(model, max_concurrent=limit, rate_limit=rate).metrics
    assert found["throughput_per_second"] <= rate * 1.001


@pytest.mark.parametrize("limit", [1, 4, 20, 100])
@pytest.mark.parametrize("rate", [20.0, 200.0, 1e6])
@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_under_a_rate_limit_the_latency_is_the_servers(model, limit, rate, latency):
    values = {"latency_seconds": latency, "max_concurrent": limit}
    free = predict(model, **values).metrics
    held = predict(model, rate_limit=rate, **values).metrics
    assert free["throttled_seconds"] == 0.0
    assert held["latency_seconds_mean"] <= free["latency_seconds_mean"] * 1.001
    assert held["latency_seconds_p50"] >= latency
    if rate < free["throughput_per_second"]:
        cycle = held["latency_seconds_mean"] + held["throttled_seconds"]
        assert held["throughput_per_second"] * cycle == pytest.approx(limit, rel=0.02)
        assert held["throughput_per_second"] == pytest.approx(rate)
    else:
        assert held == free


@pytest.mark.parametrize("limit", [1, 2, 8, 32, 100])
@pytest.mark.parametrize("rate", [5.0, 25.0, 60.0, 90.0])
def test_a_users_server_under_a_rate_limit_is_as_quick_as_its_law_says(model, limit, rate):
    costs = {"points": points(1, 2, 4, 8, 16, 32)}
    values = {"urls": "http://127.0.0.1:9/", "max_concurrent": limit}
    free = predict(model, costs, **values).metrics
    held = predict(model, costs, rate_limit=rate, **values).metrics
    whole = LAW.throughput(limit)
    if rate >= whole:
        assert held == free
        return
    cycle = held["latency_seconds_mean"] + held["throttled_seconds"]
    assert rate * cycle == pytest.approx(limit, rel=0.01)
    busy = rate * held["latency_seconds_mean"]
    assert held["latency_seconds_mean"] == pytest.approx(LAW.seconds(max(1.0, busy)), rel=0.02)


def test_a_cap_that_would_hold_a_run_back_is_told(model):
    costs = {"points": points(1, 2, 4, 8, 16, 32)}
    values = {"urls": "http://127.0.0.1:9/", "max_concurrent": 16}
    told = predict(model, costs, most_rate=50, **values).remarks
    assert any("at most 50 requests/s" in remark for remark in told)
    free = predict(model, costs, **values, most_rate=50).metrics
    beside = predict(model, costs, requests=slice(0, 100), most_rate=50, **values).metrics
    held = predict(model, costs, requests=slice(0, 100), rate_limit=50, **values).metrics
    assert beside == held
    assert beside["throughput_per_second"] <= 50 < free["throughput_per_second"]
    assert not any("at most" in remark for remark in predict(model, costs, **values).remarks)


def test_a_limit_for_each_host_holds_as_the_limit_does(model):
    few = predict(model, max_concurrent=4, latency_seconds=0.02).metrics
    hosted = predict(model, max_concurrent=40, max_per_host=4, latency_seconds=0.02).metrics
    assert hosted["throughput_per_second"] == pytest.approx(few["throughput_per_second"], rel=0.02)


def test_errors_are_no_throughput_and_retries_mend_them(model):
    whole = predict(model, max_concurrent=8).metrics
    failing = predict(model, max_concurrent=8, error_rate=0.5).metrics
    mended = predict(model, max_concurrent=8, error_rate=0.5, retries=6, backoff_seconds=0).metrics
    assert failing["error_share"] == pytest.approx(0.5, abs=0.02)
    assert failing["errors"] == pytest.approx(10_000, rel=0.05)
    ratio = failing["throughput_per_second"] / whole["throughput_per_second"]
    assert ratio == pytest.approx(0.5, abs=0.02)
    assert mended["error_share"] < 0.02
    assert mended["latency_seconds_mean"] > 1.7 * whole["latency_seconds_mean"]


def test_a_full_queue_turns_away_and_a_timeout_counts(model):
    small = {"capacity": 2, "server_queue": 2, "max_concurrent": 50}
    assert predict(model, **small).metrics["error_share"] > 0.5
    late = predict(model, capacity=2, max_concurrent=50, timeout=0.1).metrics
    assert late["timeouts"] > 0
    assert late["latency_seconds_p99"] <= 0.1 + 1e-9


def test_pauses_that_a_full_server_asks_for_are_said_to_be_left_out(model):
    small = {"capacity": 2, "server_queue": 2, "retry_after_seconds": 3}
    (said,) = [
        each for each in predict(model, **small, max_concurrent=5).remarks if "pauses" in each
    ]
    assert "pauses of 3 s (retry_after_seconds): these are not predicted" in said
    for never_full in ({**small, "max_concurrent": 4}, {"max_concurrent": 5, "capacity": 2}):
        assert not any("pauses" in each for each in predict(model, **never_full).remarks)


def test_an_open_loop_that_keeps_up_does_what_is_asked(model):
    found = predict(model, load_model="open", rate=300, max_concurrent=64, capacity=32).metrics
    assert found["throughput_per_second"] == pytest.approx(300, rel=0.03)
    assert found["latency_seconds_p50"] == pytest.approx(0.021, rel=0.05)


def test_an_open_loop_that_falls_behind_says_so_and_its_wait_grows(model):
    values = {"load_model": "open", "rate": 300, "max_concurrent": 4}
    behind = predict(model, **values)
    assert any("cannot keep up" in remark for remark in behind.remarks)
    early = predict(model, requests=slice(0, 1000), **values).metrics
    later = predict(model, requests=slice(1000, 2000), **values).metrics
    assert later["latency_seconds_mean"] > 2 * early["latency_seconds_mean"]
    assert early["requests"] == 1000


def test_an_open_loop_goes_on_where_the_arrivals_begin_again():
    model = AsyncIOModel.of(load_arrivals("poisson:rate=500,requests=1k,seed=1"), COSTS)
    values = {"load_model": "open", "rate": 300, "max_concurrent": 64}
    found = predict(model, requests=slice(2500, 3500), **values).metrics
    assert found["requests"] == 1000
    assert found["throughput_per_second"] == pytest.approx(300, rel=0.1)


@pytest.mark.parametrize("capacity", [4, 32])
def test_auto_comes_to_rest_a_little_above_the_capacity(model, capacity):
    found = predict(
        model, limit_mode="auto", capacity=capacity, auto_most=256, latency_seconds=0.02
    )
    assert capacity <= found.metrics["limit"] <= 2.2 * capacity
    assert any("auto comes to rest" in remark for remark in found.remarks)
    full = predict(model, max_concurrent=256, capacity=capacity, latency_seconds=0.02).metrics
    ratio = found.metrics["throughput_per_second"] / full["throughput_per_second"]
    assert ratio > 0.95


@pytest.mark.parametrize("shape", ["exponential", "lognormal"])
def test_service_times_have_the_mean_that_is_set(shape):
    settings = AsyncIORunSettings(latency_shape=shape, latency_seconds=0.02)
    assert service_times(settings, 1).mean() == pytest.approx(0.02, rel=0.02)
    stalling = settings.change(stall_rate=0.1, stall_seconds=5)
    assert np.mean(service_times(stalling, 1) == 5) == pytest.approx(0.1, abs=0.01)


def test_of_a_users_server_the_law_is_what_is_predicted(model):
    costs = {**COSTS, "points": points(1, 2, 4, 8, 16, 32)}
    for limit in (1, 5, 32, 100):
        found = predict(model, costs, urls="http://127.0.0.1:9/", max_concurrent=limit)
        rate, failed = LAW.throughput(limit), 0.01 * min(limit, 32)
        assert found.metrics["throughput_per_second"] == pytest.approx(rate * (1 - failed))
        assert found.metrics["latency_seconds_p95"] == pytest.approx(limit / rate, rel=1e-6)
        assert any("worst residual 0 %" in remark for remark in found.remarks)
    assert found.metrics["error_share"] == pytest.approx(0.32)


def test_an_open_loop_before_a_users_server_waits_at_the_limit(model):
    costs = {**COSTS, "points": points(1, 2, 4, 8, 16, 32)}
    values = {"urls": "http://127.0.0.1:9/", "load_model": "open", "max_concurrent": 4}
    quiet = predict(model, costs, rate=10, **values)
    assert quiet.metrics["latency_seconds_mean"] < 2 * LAW.seconds(1)
    busy = predict(model, costs, rate=500, **values)
    assert any("cannot keep up" in remark for remark in busy.remarks)


def test_a_server_of_which_nothing_is_known_is_a_guess_and_says_so(model):
    found = predict(model, urls="http://127.0.0.1:9/")
    assert not found.measured
    assert "not measured yet" in found.remarks[0]
    assert not any("residual" in remark or "law" in remark for remark in found.remarks)
    assert found.error == found.metrics["throughput_per_second"] > 0


@pytest.mark.parametrize(
    ("numbers", "said"),
    [((1, 4), "cannot be told"), ((2, 8, 16), "cannot be told"), ((1, 2, 4, 8), "residual 0 %")],
)
def test_a_law_through_as_few_points_as_parameters_tells_no_residual(numbers, said):
    (law, *_) = UserServer(measured(*numbers)).remarks
    assert said in law


def test_what_the_cap_held_back_and_a_single_point_are_told():
    capped = UserServer(guessed_points(), capped=8)
    assert any("beyond 8 in flight the cap" in remark for remark in capped.remarks)
    one = UserServer(measured(1))
    assert any("only 1 in flight" in remark for remark in one.remarks)


def test_a_runs_own_times_are_what_its_prediction_is_made_from(model):
    costs = {
        **COSTS,
        "arrival_seconds": np.arange(100) * 0.01,
        "service_seconds": np.full(100, 0.02),
        "outcomes": np.repeat([0.0, 1.0], [80, 20]),
    }
    found = predict(model, costs, requests=slice(0, 100), max_concurrent=4).metrics
    assert found["throughput_per_second"] == pytest.approx(0.8 * 4 / 0.02)
    assert found["error_share"] == pytest.approx(0.2)
    queued = predict(model, costs, load_model="open", max_concurrent=1).metrics
    assert queued["latency_seconds_p99"] > 0.5


def test_what_was_answered_is_known_and_a_preview_is_near(model):
    settings = AsyncIORunSettings(max_concurrent=17, capacity=8, retries=0)
    load = LoadSettings()
    quick = model.preview(settings, load).metrics
    assert not model.ready(settings, load)
    whole = model.predict(settings, load).metrics
    assert model.ready(settings, load)
    assert quick["throughput_per_second"] == pytest.approx(whole["throughput_per_second"], rel=0.05)


def test_other_costs_are_other_answers_and_the_first_ones_stay(model):
    settings = AsyncIORunSettings(max_concurrent=19, capacity=8, retries=0)
    before = model.predict(settings, LoadSettings()).metrics
    other = model.with_costs({**COSTS, "delay_seconds": 0.1})
    assert not other.ready(settings, LoadSettings())
    slower = other.predict(settings, LoadSettings()).metrics
    assert slower["latency_seconds_mean"] > before["latency_seconds_mean"]
    assert model.with_costs(dict(COSTS)).ready(settings, LoadSettings())


def test_perflabs_own_server_needs_costs_of_its_own(model):
    with pytest.raises(BadInputError, match="perflab calibrate async_io"):
        predict(model, {"points": points(1, 2, 4)})


@pytest.mark.parametrize("load_model", ["closed", "open"])
@pytest.mark.parametrize("limit", [4, 20, 64])
def test_a_second_run_is_predicted_with_the_tails_of_the_first(model, limit, load_model):
    draws = 0.02 + np.sort(np.random.default_rng(limit).lognormal(-6.5, 0.8, 20_000))
    quantiles = [float(value) for value in np.quantile(draws, QUANTILES)]
    own = {
        "throughput": limit / draws.mean(),
        "latency": {"mean": float(draws.mean()), "quantiles": quantiles},
        "error_share": 0.0,
    }
    before = predict(model, latency_seconds=0.02, max_concurrent=limit).metrics
    settings = AsyncIORunSettings.read(
        {"latency_seconds": 0.02, "max_concurrent": limit, "urls": None}
    )
    costs = async_renewed(COSTS, {"run": own}, settings, before)
    found = predict(
        *(model, costs),
        rate=limit / draws.mean() / 5,
        latency_seconds=0.02,
        max_concurrent=limit,
        load_model=load_model,
    ).metrics
    if load_model == "closed":
        assert found["latency_seconds_mean"] == pytest.approx(draws.mean(), rel=0.01)
    assert before["latency_seconds_p99"] == pytest.approx(before["latency_seconds_p50"], rel=1e-6)
    for name, share in (("p95", 0.95), ("p99", 0.99)):
        assert found[f"latency_seconds_{name}"] == pytest.approx(np.quantile(draws, share), rel=0.1)


def test_tails_of_a_server_that_draws_its_times_itself_stay_as_calibrated():
    costs = {**COSTS, "beside": {"4": {"mean": 1e-3, "quantiles": [1e-3] * len(QUANTILES)}}}
    settings = AsyncIORunSettings.read({"latency_shape": "exponential", "urls": None})
    latency = {"mean": 0.04, "quantiles": [0.04] * len(QUANTILES)}
    own = {"run": {"throughput": 500.0, "latency": latency, "error_share": 0.0}}
    renewed = async_renewed(costs, own, settings, {"latency_seconds_mean": 0.03})
    assert list(renewed["beside"]) == ["4"]
