"""What no policy can pass is drawn beside what was compared, and never recommended."""

import pytest

import perflab
from perflab.tuning import ceilings
from perflab.tuning.recommendation import Recommendation

SMALL = "zipf:skew=0.9,keys=300,requests=5k,seed=1"


@pytest.fixture(scope="module")
def found():
    return perflab.tune("cache", SMALL, limits=["memory_bytes<=1GiB"])


def test_the_ceiling_is_that_of_prediction_and_above_all_points(found):
    highest = {
        point["settings"]["max_cache_size"]: point["metrics"]["hit_rate"]
        for point in found.ceilings
    }
    assert len(highest) > 5
    assert {point["settings"]["policy"] for point in found.ceilings} == {"opt"}
    for point in found.points:
        size = point["settings"]["max_cache_size"]
        if size in highest:
            assert point["metrics"]["hit_rate"] <= highest[size] + 1e-12
    size = next(iter(highest))
    alone = perflab.predict("cache", SMALL, {"max_cache_size": size, "policy": "opt"})
    assert alone["hit_rate"][0] == highest[size]


def test_it_is_drawn_in_the_report_and_is_no_alternative(found, tmp_path):
    assert found.settings["policy"] != "opt"
    assert "opt" not in {other["settings"]["policy"] for other in found.alternatives}
    page = perflab.report([found], tmp_path / "report.html").read_text()
    assert "OPT (knows the future)" in page


def test_a_result_without_ceilings_is_still_read(found):
    values = found.to_dict()
    assert Recommendation.from_dict(values, "x").ceilings == found.ceilings
    values.pop("ceilings")
    assert Recommendation.from_dict(values, "x").ceilings == ()


def test_a_long_workload_and_a_pattern_without_a_ceiling_have_none(monkeypatch):
    monkeypatch.setattr(ceilings, "MOST_REQUESTS", 100)
    assert perflab.tune("cache", SMALL).ceilings == ()
    monkeypatch.undo()
    assert perflab.tune("lazy_loading").ceilings == ()
