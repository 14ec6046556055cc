"""A report of a workload with operations says once how they were replayed."""

import pytest

from perflab.reports import Report
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predictions
from perflab.workloads import Trace


@pytest.fixture
def trace():
    rows = ["get", "set", "touch", "delete", "write"] * 40
    return Trace.from_keys([n % 7 for n in range(200)], range(200), operations=rows)


def sections(*results):
    return {each.name: str(each.blocks) for each in Report.of(results).chapters[0].sections}


def test_operations_and_writes_in_force_stand_beside_the_workload(trace):
    found = sections(predictions("cache", trace, {"writes": "through"}))
    assert "get 40, set 40, touch 40, delete 40, write 40" in found["workload"]
    assert found["workload"].count("Writes through: ") == 1
    assert "Writes through: " not in found["basis"]


def test_ttls_in_force_stand_beside_the_workload():
    own = Trace.from_keys([1, 2, 1], [0, 1, 2], ttls=[5, 5, 5])
    found = sections(predictions("cache", own, {"ttl_from": "setting"}))
    assert "ttl_from setting: ttl_seconds for all" in found["workload"]
    assert "ttl_from" not in found["basis"]


def test_several_results_of_a_workload_say_it_once(trace):
    found = sections(tune("cache", trace), predictions("cache", trace, {}))
    assert found["workload"].count("Writes recorded: ") == 1


def test_sweep_over_writes_names_each(trace):
    swept = predictions("cache", trace, {}, {"writes": ["recorded", "ignore"]})
    said = [text.split(":")[0] for text in swept.remarks if "writes" in text]
    assert said == ["at 1 of 2 points, writes recorded", "at 1 of 2 points, writes ignore"]
    found = sections(swept)
    assert "writes recorded: " in found["workload"]
    assert "writes ignore: " in found["workload"]
    assert "writes" not in found["basis"]


def test_reads_alone_have_no_such_row():
    found = sections(predictions("cache", Trace.from_keys([1, 2, 1]), {}))
    assert "operations" not in found["workload"]
    assert "Writes " not in found["workload"]


def test_ttl_without_an_effect_is_not_in_the_headline():
    own = Trace.from_keys([1, 2, 1], [0, 1, 2], ttls=[5, 5, 5])
    idle, counts = ({"ttl_seconds": 60, "ttl_from": which} for which in ("recorded", "setting"))
    assert "TTL" not in Report.of(predictions("cache", own, idle)).chapters[0].verdict.headline
    assert "TTL 1 min" in Report.of(predictions("cache", own, counts)).chapters[0].verdict.headline
