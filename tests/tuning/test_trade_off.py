"""The front of points against a plain search for what no other point is better than."""

import pytest

from perflab.bench import load_bench
from perflab.charts.trade_off import trade_off_figure
from perflab.tuning.recommend import tune
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.trade_off import trade_off_of

CASES = [
    ("cache", "zipf:skew=0.7,keys=400,requests=6k,seed=3", "memory_bytes", None),
    ("lazy_loading", "hotspot:share=0.8,part=0.2,run=3,requests=4k", "memory_bytes", None),
    ("streaming", "flights", "peak_memory_bytes", None),
    ("async_io", "poisson:rate=100,requests=2k", "max_concurrent", None),
    ("redis_cache", "zipf:skew=0.7,keys=300,requests=3k,seed=3", "maxmemory", None),
    ("cache", "zipf:skew=0.7,keys=300,requests=6k,seed=5", "memory_bytes", "memory_bytes<=90KiB"),
]


@pytest.mark.parametrize(("pattern", "workload", "cost", "limit"), CASES)
def test_front_holds_what_no_other_point_is_better_than(pattern, workload, cost, limit):
    found = tune(pattern, workload, limits=limit)
    shown = trade_off_of(found)
    assert shown.cost == cost
    direction, _, name = found.objective.partition(":")
    sign = 1 if direction == "max" else -1
    points = []
    for point in found.points:
        spent = point["metrics"].get(cost, point["settings"].get(cost))
        if limit is None or spent <= 90 * 1024:
            points.append((spent, sign * point["metrics"][name]))
    assert len(shown.places) == len(points)
    plain = {
        (spent, value)
        for spent, value in points
        if not any(s <= spent and v >= value and (s, v) != (spent, value) for s, v in points)
    }
    assert {(place.cost, sign * place.value) for place in shown.front} == plain
    assert {"now", "recommended"} <= set(shown.named)
    assert shown.named["recommended"].value == found.metrics[name]
    assert shown.to_frame()["best_for_cost"].sum() == len(plain)


def test_a_chart_shows_each_named_place_once():
    found = tune("cache", "zipf:skew=0.7,keys=400,requests=6k,seed=3")
    shown = trade_off_of(found)
    (axes,) = trade_off_figure(shown, load_bench("cache"), 480, 260).axes
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(texts) == sorted(["best for its cost", *shown.named])
    low, high = axes.get_xlim()
    assert all(low <= place.cost <= high for place in shown.places)


PRICED = {"request_rate": 500, "price_per_gib_hour": 0.02}


@pytest.mark.parametrize(
    ("objective", "settings", "cost"),
    [
        ("max:hit_rate", PRICED, "cost_per_day"),
        ("max:hit_rate", {**PRICED, "price_per_gib_hour": 0.005}, "memory_bytes"),
        ("max:hit_rate", {"price_per_gib_hour": 0.02}, "memory_bytes"),
        ("min:cost_per_day", PRICED, "memory_bytes"),
        ("min:backend_cost_per_day", PRICED, "memory_bytes"),
    ],
    ids=["priced", "the usual prices", "no times", "of money", "of a part of it"],
)
def test_the_cost_is_money_where_a_price_was_set(objective, settings, cost):
    found = tune("cache", CASES[0][1], objective, settings=settings)
    shown = trade_off_of(found)
    assert shown.cost == cost
    assert [place.cost for place in shown.places] == sorted(place.cost for place in shown.places)
    places = [(place.point["metrics"][cost], place.cost) for place in shown.places]
    assert all(spent == known for known, spent in places)
    costs = [place.cost for place in shown.front]
    assert costs[0] == min(place.cost for place in shown.places)


def test_a_chart_of_money_is_in_money():
    shown = trade_off_of(tune("cache", CASES[0][1], settings=PRICED))
    (axes,) = trade_off_figure(shown, load_bench("cache"), 480, 260).axes
    assert axes.get_title(loc="left") == "Hit rate against cost per day"
    assert axes.get_xlabel() == "cost per day (currency)"


def test_one_point_has_no_trade_off():
    found = tune("cache", "zipf:skew=0.7,keys=400,requests=6k,seed=3")
    alone = Recommendation.from_dict({**found.to_dict(), "points": found.to_dict()["points"][:1]})
    assert trade_off_of(alone) is None
    foreign = Recommendation.from_dict({**found.to_dict(), "limits": ["what?"]})
    assert trade_off_of(foreign) is None


def test_relief_and_sensitivity_come_back_from_a_file(tmp_path):
    pool = ("connection_pool", "poisson:rate=3k,requests=3k")
    for found in (tune(*pool, settings={"query": "aggregate"}), tune("cache", CASES[0][1])):
        again = Recommendation.load(found.to_json(tmp_path / f"{found.pattern}.json"))
        assert again.to_dict() == found.to_dict()
        assert bool(found.reliefs) != bool(found.sensitivity)
