import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.modelling.erlang import mean_wait
from perflab.modelling.latency import QUANTILES
from perflab.patterns.connection_pool.model.predict import ConnectionPoolModel
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.patterns.connection_pool.shadow import PoolShadow
from perflab.settings import LoadSettings
from perflab.workloads.kinds.arrivals import Arrivals

LOAD = LoadSettings()
EXPONENTIAL = [-0.01 * np.log(max(1 - share, 1e-6)) for share in QUANTILES]
COSTS = {
    "service": {"1": {"mean": 0.01, "quantiles": EXPONENTIAL}},
    "usl": {"rate": 100.0, "contention": 0.0, "coherency": 0.0},
    "connect_seconds": 0.0,
}


def poisson(rate, count, seed=1):
    return Arrivals("test", np.cumsum(np.random.default_rng(seed).exponential(1 / rate, count)))


@pytest.fixture(scope="module")
def model():
    return ConnectionPoolModel.of(poisson(320, 200_000), COSTS)


def test_a_calibrated_database_makes_callers_wait_as_the_textbook_says(model):
    found = model.predict(ConnectionPoolSettings(max_connections=4), LOAD)
    wait = found.metrics["wait_seconds_mean"]
    assert found.metrics["utilisation"] == pytest.approx(0.8, abs=0.02)
    assert found.metrics["erlang_wait_seconds_mean"] == pytest.approx(
        mean_wait(4, 320, 0.01), rel=0.05
    )
    assert abs(wait - mean_wait(4, 320, 0.01)) < found.error
    assert found.error < wait / 2


def test_a_database_that_slows_down_makes_a_large_pool_slower(model):
    usl = {"rate": 100.0, "contention": 0.2, "coherency": 0.02}
    slow = {**COSTS, "usl": usl}
    few = model.with_costs(slow).predict(ConnectionPoolSettings(max_connections=4), LOAD).metrics
    many = model.with_costs(slow).predict(ConnectionPoolSettings(max_connections=40), LOAD).metrics
    assert many["service_seconds_mean"] > 1.5 * few["service_seconds_mean"]


def test_a_run_is_played_again_from_its_own_arrays(model):
    own = {**COSTS, "arrival_seconds": [0.0, 1.0, 2.0], "service_seconds": [3.0, 3.0, 3.0]}
    settings = ConnectionPoolSettings(max_connections=1, min_connections=1, timeout=60)
    found = model.with_costs(own).predict(settings, LOAD)
    assert found.metrics["wait_seconds_mean"] == pytest.approx(2.0)
    assert found.error == 0.0
    late = model.with_costs(own).predict(settings, LOAD, slice(2, 3))
    assert late.metrics["wait_seconds_mean"] == pytest.approx(4.0)
    quick = settings.change(timeout=1.5)
    # Of three times as many requests the times of those beyond the third are not kept.
    kept, all_of_them = (
        model.with_costs(own).predict(quick, LOAD, slice(0, last)).metrics for last in (3, 9)
    )
    assert (kept["requests"], kept["timeouts"]) == (3, 1)
    assert (all_of_them["requests"], all_of_them["timeouts"]) == (9, 3)
    assert all_of_them["wait_seconds_mean"] == kept["wait_seconds_mean"]


def test_who_gives_up_has_waited_for_the_timeout(model):
    own = {**COSTS, "arrival_seconds": [0.0, 1.0], "service_seconds": [30.0, 1.0]}
    settings = ConnectionPoolSettings(max_connections=1, min_connections=1, timeout=5)
    metrics = model.with_costs(own).predict(settings, LOAD).metrics
    assert metrics["timeouts"] == 1
    assert metrics["wait_seconds_mean"] == pytest.approx(2.5)


def test_a_rate_stretches_the_arrivals(model):
    settings = ConnectionPoolSettings(max_connections=4)
    slower = model.predict(settings, LoadSettings(request_rate=160)).metrics
    same = model.predict(settings, LoadSettings(speedup=0.5)).metrics
    assert slower["utilisation"] == pytest.approx(0.4, abs=0.02)
    assert same["wait_seconds_mean"] == pytest.approx(slower["wait_seconds_mean"], rel=0.2)


def test_an_answer_is_ready_after_it_was_asked_for_at_the_same_costs():
    model = ConnectionPoolModel.of(poisson(320, 1000), COSTS)
    settings = ConnectionPoolSettings()
    assert not model.ready(settings, LOAD)
    first = model.predict(settings, LOAD)
    assert model.ready(settings, LOAD)
    assert model.predict(settings, LOAD) is first
    for name in ("connect_seconds", "handover_seconds", "overhead_seconds"):
        other = model.with_costs({**COSTS, name: 0.5})
        assert not other.ready(settings, LOAD)
        assert other.predict(settings, LOAD) is not first
    assert model.with_costs(dict(COSTS)).predict(settings, LOAD) is first


def test_a_preview_is_of_fewer_customers_and_says_so(model):
    settings = ConnectionPoolSettings(max_connections=5)
    preview = model.preview(settings, LOAD)
    exact = model.predict(settings, LOAD)
    assert (preview.sampled, exact.sampled) == (0.25, 1.0)
    wait = exact.metrics["wait_seconds_mean"]
    assert abs(preview.metrics["wait_seconds_mean"] - wait) < preview.error + exact.error


def test_slices_of_a_run_that_loops_are_answered():
    model = ConnectionPoolModel.of(poisson(320, 5000), COSTS)
    settings = ConnectionPoolSettings(max_connections=4)
    for part in (slice(0, 100), slice(4000, 6000), slice(12_000, 13_000), slice(0, 90_000)):
        metrics = model.predict(settings, LOAD, part).metrics
        assert 0.3 < metrics["utilisation"] < 1.05
        assert metrics["requests"] == part.stop - part.start
    for empty in (slice(7, 7), slice(11_000, 11_000)):
        assert model.predict(settings, LOAD, empty).metrics == {}


@pytest.mark.parametrize("max_waiting", [None, 2])
def test_failures_of_a_run_that_loops_are_those_of_all_its_passes(max_waiting):
    model = ConnectionPoolModel.of(poisson(320, 5000), COSTS)
    settings = ConnectionPoolSettings(
        max_connections=4, min_connections=4, timeout=0.02, max_waiting=max_waiting
    )

    def counts(first, last):
        metrics = model.predict(settings, LOAD, slice(first, last)).metrics
        return np.array([metrics[name] for name in ("requests", "timeouts", "callers_refused")])

    begun, later = counts(0, 5000), counts(5000, 10_000)
    assert later[1 if max_waiting is None else 2] > 50
    assert (counts(0, 90_000) == begun + 17 * later).all()
    # The end of the second pass and the beginning of another like it.
    crossing = counts(9600, 10_000) + counts(5000, 5300)
    assert (counts(14_600, 15_300) == crossing).all()
    metrics = model.predict(settings, LOAD, slice(14_600, 15_300)).metrics
    assert metrics["throughput_per_second"] == pytest.approx(320, rel=0.15)


def test_recorded_durations_are_taken_and_unknown_ones_drawn_from_them():
    arrivals = Arrivals("log", np.arange(100.0), np.array([0.5, np.nan] * 50))
    found = ConnectionPoolModel.of(arrivals, COSTS).predict(ConnectionPoolSettings(), LOAD)
    assert found.metrics["service_seconds_mean"] == pytest.approx(0.5)
    assert any("recorded durations" in remark for remark in found.remarks)


def test_who_is_refused_is_counted_and_takes_no_place_in_the_queue(model):
    own = {
        **COSTS,
        "arrival_seconds": [0.0, 1.0, 2.0, 3.0, 31.0],
        "service_seconds": [30.0, 1.0, np.nan, np.nan, 1.0],
    }
    settings = ConnectionPoolSettings(
        max_connections=1, min_connections=1, timeout=60, max_waiting=1
    )
    metrics = model.with_costs(own).predict(settings, LOAD).metrics
    assert metrics["callers_refused"] == 2
    assert metrics["timeouts"] == 0
    assert metrics["wait_seconds_mean"] == pytest.approx((0 + 29 + 60 + 60 + 0) / 5, abs=0.3)
    assert metrics["latency_seconds_mean"] == pytest.approx((30 + 30 + 0 + 0 + 1) / 5, abs=0.3)


def test_a_bound_on_the_queue_trades_timeouts_for_refusals(model):
    settings = ConnectionPoolSettings(max_connections=3, min_connections=3, timeout=0.5)
    free = model.predict(settings, LOAD).metrics
    answer = model.predict(settings.change(max_waiting=5), LOAD)
    short = answer.metrics
    assert "a refused caller counts with the timeout as its wait" in answer.remarks
    assert free["timeouts"] > 0 == free["callers_refused"]
    assert short["callers_refused"] > 0 == short["timeouts"]


def test_the_order_of_idle_connections_decides_how_many_age_out(model):
    settings = ConnectionPoolSettings(max_connections=20, min_connections=1, max_idle=0.1)
    costs = {**COSTS, "connect_seconds": 0.002}
    newest = model.with_costs(costs).predict(settings, LOAD).metrics
    oldest = model.with_costs(costs).predict(settings.change(order="fifo"), LOAD).metrics
    assert newest["connects"] > 2 * oldest["connects"]


def test_a_caller_who_finds_one_idle_waits_for_as_long_as_lending_takes(model):
    lend = {"mean": 3e-4, "quantiles": [1e-5 + 1e-3 * share**4 for share in QUANTILES]}
    own = {
        **COSTS,
        "arrival_seconds": np.arange(4000.0).tolist(),
        "service_seconds": [0.01] * 4000,
    }
    settings = ConnectionPoolSettings(max_connections=2, min_connections=2, timeout=60)
    idle = model.with_costs(own).predict(settings, LOAD).metrics
    lent = model.with_costs({**own, "lend": lend}).predict(settings, LOAD).metrics
    assert idle["wait_seconds_mean"] == idle["wait_seconds_p99"] == 0.0
    assert lent["wait_seconds_mean"] == pytest.approx(3e-4, rel=0.01)
    scale = 3e-4 / np.interp(np.linspace(0, 1, 10_001), QUANTILES, lend["quantiles"]).mean()
    for name, share in (("p95", 0.95), ("p99", 0.99)):
        known = scale * np.interp(share, QUANTILES, lend["quantiles"])
        assert lent[f"wait_seconds_{name}"] == pytest.approx(known, rel=0.03)
    assert lent["latency_seconds_mean"] == pytest.approx(0.01 + 3e-4, rel=0.01)
    # Those who queue wait for a connection to come back, which is handed over.
    busy = {**own, "arrival_seconds": (np.arange(4000.0) * 0.004).tolist()}
    queued, same = (
        model.with_costs(costs).predict(settings, LOAD).metrics["wait_seconds_p99"]
        for costs in (busy, {**busy, "lend": lend})
    )
    assert same == queued > 1.0


def test_connections_in_use_are_the_mean_that_utilisation_is_made_of(model):
    found = model.predict(ConnectionPoolSettings(max_connections=4), LOAD).metrics
    assert found["in_use"] == pytest.approx(4 * found["utilisation"])


def plain_waits(due, late, services, connections):
    """Return what each caller waits from when it was due, first to ask first served."""
    free, waits = [0.0] * connections, {}
    for caller in sorted(range(len(due)), key=lambda one: (due[one] + late[one], one)):
        asked = due[caller] + late[caller]
        free.sort()
        start = max(asked, free[0])
        free[0] = start + services[caller]
        waits[caller] = start - due[caller]
    return np.array([waits[caller] for caller in range(len(due))])


@given(
    st.lists(
        st.tuples(st.floats(0, 2), st.floats(0, 5), st.floats(0.01, 3)), min_size=2, max_size=30
    ),
    st.integers(1, 4),
)
def test_callers_that_ask_late_wait_in_the_order_in_which_they_ask(rows, connections):
    due = np.cumsum([gap for gap, _, _ in rows])
    late, services = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    own = {
        **COSTS,
        "arrival_seconds": (due - due[0]).tolist(),
        "service_seconds": services.tolist(),
        "late_seconds": late.tolist(),
    }
    model = ConnectionPoolModel.of(poisson(320, 10), own)
    settings = ConnectionPoolSettings(
        max_connections=connections, min_connections=connections, timeout=3600
    )
    waits = plain_waits(due - due[0], late, services, connections)
    for first in (0, len(rows) // 2):
        found = model.predict(settings, LOAD, slice(first, len(rows))).metrics
        assert found["wait_seconds_mean"] == pytest.approx(waits[first:].mean(), abs=1e-9)
        latencies = (waits + services)[first:]
        assert found["latency_seconds_mean"] == pytest.approx(latencies.mean(), abs=1e-9)
    shadow = PoolShadow(Arrivals("test", due), settings, LOAD)
    shadow.advance(len(rows))
    found = shadow.metrics(own)
    assert found["wait_seconds_mean"] == pytest.approx(waits.mean(), abs=1e-9)


def test_what_a_checkout_takes_stands_beside_how_late_a_caller_asks(model):
    own = {
        **COSTS,
        "arrival_seconds": np.arange(400.0).tolist(),
        "service_seconds": [0.01] * 400,
        "late_seconds": [0.002] * 400,
        "lend": {"mean": 0.0021, "quantiles": [0.0021] * len(QUANTILES)},
        "checkout": {"mean": 1e-4, "quantiles": [1e-4] * len(QUANTILES)},
    }
    settings = ConnectionPoolSettings(max_connections=2, min_connections=2, timeout=60)
    found = model.with_costs(own).predict(settings, LOAD).metrics
    assert found["wait_seconds_mean"] == pytest.approx(0.0021)
    refused = {**own, "arrival_seconds": [0.0, 0.0], "service_seconds": [9.0, np.nan]}
    refused["late_seconds"] = [0.5, 0.6]
    strict = settings.change(max_connections=1, min_connections=1, max_waiting=0)
    found = model.with_costs(refused).predict(strict, LOAD).metrics
    assert found["callers_refused"] == 1
    assert found["wait_seconds_mean"] == pytest.approx((0.5 + 1e-4 + 60) / 2)


def test_a_slow_checkout_stays_with_the_slow_service_after_it(model):
    """As on a busy machine, which makes both slow: drawn apart they would make no long latency."""
    due, slow = np.arange(400.0), np.arange(400) % 10 == 7
    checkouts, services = np.where(slow, 0.05, 1e-4), np.where(slow, 0.05, 1e-3)
    shares = np.quantile(checkouts, QUANTILES).tolist()
    own = {
        **COSTS,
        "arrival_seconds": due.tolist(),
        "service_seconds": services.tolist(),
        "late_seconds": [0.0] * 400,
        "checkout_seconds": np.where(due == 3, np.nan, checkouts).tolist(),
        "checkout": {"mean": float(checkouts.mean()), "quantiles": shares},
    }
    settings = ConnectionPoolSettings(max_connections=2, min_connections=2, timeout=60)
    found = model.with_costs(own).predict(settings, LOAD).metrics
    assert found["latency_seconds_p95"] == pytest.approx(0.1)
    assert found["latency_seconds_p50"] == pytest.approx(1.1e-3)
    shadow = PoolShadow(Arrivals("test", due), settings, LOAD)
    shadow.advance(400)
    assert shadow.metrics(own)["latency_seconds_p95"] == pytest.approx(0.1)
