"""A budget: the best split is that of a full grid, and what cannot be met is said with numbers."""

import numpy as np
import pytest

from perflab import BadInputError, Service, Trace
from perflab.errors import BrokenLimitError
from perflab.service import Budget
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.metrics import service_metrics
from perflab.service.predict import calibrations_of, costs_in
from perflab.service.split import Split, Splitter

DRAW = np.random.default_rng(9)
COUNT = 8000
KEYS = (DRAW.zipf(1.15, COUNT) % 4000).astype(np.int64)
TRACE = Trace.from_keys(
    KEYS, np.cumsum(DRAW.exponential(0.002, COUNT)), DRAW.integers(500, 3000, 4000)[KEYS]
)
SERVICE = Service.from_mapping(
    {
        "workers": 3,
        "max_connections": 12,
        "cache": {"max_cache_size": 100},
        "redis_cache": {"maxmemory": "2MiB"},
        "connection_pool": {"min_connections": 0, "max_connections": 6, "timeout": 1},
    }
)
MEMORY = 4 * 2**20


@pytest.fixture(autouse=True, scope="module")
def shipped(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_CACHE_DIR", str(tmp_path_factory.mktemp("none")))
        yield


@pytest.fixture(scope="module")
def budget():
    return SERVICE.budget(TRACE, f"memory_bytes<={MEMORY}")


def test_the_split_is_that_of_a_full_grid(budget):
    came = incoming(SERVICE, TRACE)
    costs = costs_in(calibrations_of(SERVICE), SERVICE)
    flows, splitter = Flows(came, costs), Splitter(SERVICE, came, costs)
    grid = [
        Split(splitter.memory_for(MEMORY, (share, 1 - share)), size)
        for share in np.linspace(0, 1, 21)
        for size in range(1, 5)
    ]
    services = [splitter.service_of(split) for split in grid]
    found = [service_metrics(flows.through(each), each.settings, 0) for each in services]
    best = min(each["latency_seconds_mean"] for each in found if each["errors"] == 0)
    assert budget.metrics["latency_seconds_mean"] <= 1.03 * best
    assert budget.evaluations * 4 < len(grid)


def test_what_is_recommended_is_what_is_predicted_and_keeps_the_budget(budget):
    there = Service.from_mapping(budget.settings)
    found = there.predict(TRACE)
    assert found.metrics == budget.metrics
    assert found.metrics["memory_bytes"] <= MEMORY
    assert budget.chosen.total_bytes == pytest.approx(MEMORY)
    assert found.metrics["most_connections"] <= 12
    assert budget.before_metrics == SERVICE.predict(TRACE).metrics


def test_progress_goes_up_to_what_there_is_at_most():
    seen = []
    found = SERVICE.budget(TRACE, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, found.evaluations + 1))
    assert {total >= found.evaluations for _, total in seen} == {True}


def test_one_step_more_is_what_is_predicted_there(budget):
    for point, stage in zip(budget.next_steps, ("cache", "redis_cache"), strict=False):
        assert point.name == f"1 MiB more for {stage}"
        more = point.memory_bytes[stage] - budget.chosen.memory_bytes[stage]
        assert more == pytest.approx(2**20)
    memory = budget.next_steps[1].memory_bytes["redis_cache"]
    changed = {"redis_cache.maxmemory": int(memory) // 2**16 * 2**16}
    there = Service.from_mapping(budget.settings).change(changed)
    assert budget.next_steps[1].metrics == there.predict(TRACE).metrics
    more = budget.next_steps[-1]
    assert more.connections == budget.chosen.connections + 3
    assert more.name.startswith("9 more connections")


def test_the_curve_rises_with_memory(budget):
    taken = [point.total_bytes for point in budget.curve]
    assert taken == sorted(taken)
    assert taken[-1] == pytest.approx(4 * MEMORY)
    rates = [point.metrics["hit_rate"] for point in budget.curve]
    assert rates == sorted(rates)


def test_connections_have_a_curve_within_what_is_allowed(budget):
    sizes = [point.connections for point in budget.connections_curve]
    assert sizes == sorted(set(sizes))
    assert budget.chosen.connections in sizes
    for point in budget.connections_curve:
        assert point.name == f"{3 * point.connections} connections"
        assert 3 * point.connections <= 12
        assert point.metrics["memory_bytes"] == budget.metrics["memory_bytes"]
        assert (
            point.metrics["latency_seconds_mean"] >= 0.97 * budget.metrics["latency_seconds_mean"]
        )


def test_without_a_limit_the_memory_is_what_the_caches_may_take_now():
    found = SERVICE.budget(TRACE)
    redis, cache = 2 * 2**20, found.before_metrics["memory_bytes"] - 2 * 2**20
    assert found.chosen.total_bytes == pytest.approx(redis + cache, rel=0.02)
    latency = "latency_seconds_mean"
    assert found.metrics[latency] <= found.before_metrics[latency]


def test_settings_that_nothing_beats_are_kept():
    few = Trace.from_keys([1, 2, 3, 1] * 50, times=np.arange(200) / 10)
    changes = {"redis_cache.maxmemory": None, "connection_pool.max_connections": 1}
    found = SERVICE.change(changes).budget(few)
    assert found.metrics == found.before_metrics
    assert found.settings == found.before
    assert found.reason.startswith("keep the settings as they are")


def test_a_budget_counts_the_connections_of_a_pooler():
    shared = SERVICE.change({"pgbouncer_connections": 4})
    found = shared.budget(TRACE, [f"memory_bytes<={MEMORY}", "most_connections<=8"])
    assert 1 <= found.chosen.shared <= 8
    assert found.settings["pgbouncer_connections"] == found.chosen.shared
    assert found.metrics["most_connections"] <= 8


@pytest.mark.parametrize(
    ("limit", "most"),
    [("<=100", 12), ("<=12", 12), ("<12", 11), ("<7.5", 7), ("<=6", 6), ("<6.0", 5)],
)
@pytest.mark.parametrize("pgbouncer", [None, 40])
def test_no_limit_allows_more_connections_than_the_database(limit, most, pgbouncer):
    busy = {"request_rate": 6000, "query_seconds": "5ms", "pgbouncer_connections": pgbouncer}
    found = SERVICE.change(busy).budget(TRACE, f"most_connections{limit}")
    taken = found.metrics["most_connections"]
    assert most - 2 <= taken <= most
    assert taken == most if pgbouncer else taken == 3 * (most // 3)
    # Those of the curve are within it, too; a step beyond it says so.
    assert {int(point.name.split()[0]) <= most for point in found.connections_curve} == {True}
    assert "beyond what is allowed" in found.next_steps[-1].name


def test_a_memory_limit_is_not_met_by_its_own_value():
    found = SERVICE.budget(TRACE, f"memory_bytes<{MEMORY}")
    assert found.chosen.total_bytes == pytest.approx(MEMORY - 1, abs=0.1, rel=0)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("memory_bytes<=1MiB", r"memory budget: is 1 MiB, .* less than .*redis_cache alone takes"),
        ("most_connections<=2", r"connections: is 2, but 3 pools of connection_pool .* 1 more"),
        ("most_connections<0", r"connections: is .*1, but 3 pools of .* need one each, 4 more"),
        ("wait_seconds_mean<=1", "wait_seconds_mean: is not a metric of this service"),
        ("memory<=1", "unknown metric 'memory'"),
        ("memory_bytes>=1MiB", "is not an upper bound"),
    ],
)
def test_a_budget_that_is_too_small_says_for_which_stage(limits, said):
    with pytest.raises(BadInputError, match=said):
        SERVICE.budget(TRACE, limits)


def test_a_latency_that_no_split_reaches_says_by_how_much():
    limits = [f"memory_bytes<={MEMORY}", "latency_seconds_p99<=10us"]
    with pytest.raises(BrokenLimitError, match=r"the best has .* off; database takes .* of the"):
        SERVICE.budget(TRACE, limits)


def test_a_service_without_a_cache_has_nothing_to_split():
    with pytest.raises(BadInputError, match="has no cache"):
        Service.from_mapping({"connection_pool": {}}).budget(TRACE)


def test_one_cache_gets_all(tmp_path):
    alone = Service.from_mapping({"cache": {"max_cache_size": 10}})
    found = alone.budget(TRACE, "memory_bytes<=1MiB")
    assert found.evaluations == 1
    assert found.metrics["memory_bytes"] == pytest.approx(2**20, rel=0.02)
    kept = Budget.load(found.to_json(tmp_path / "budget.json"))
    assert kept.to_dict() == found.to_dict()
    assert len(found.to_frame()) == 1
