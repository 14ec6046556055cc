import html
import re

import pytest

from perflab.bench.registry import load_bench
from perflab.panels.recommendation_card import RecommendationCard
from perflab.tuning.recommend import tune

UNREACHED = [
    ("connection_pool", "poisson:rate=3000,requests=20k", None, {"query": "aggregate"}),
    ("connection_pool", "steady:rate=9000,requests=20k", "min:timeouts", {"timeout": 0.2}),
    ("cache", "loop:keys=50k,requests=100k", "max:hit_rate", {"max_cache_size": 50}),
]


def values(widget):
    own = [widget.value] if isinstance(getattr(widget, "value", None), str) else []
    return [*own, *(text for child in getattr(widget, "children", ()) for text in values(child))]


def words(widget):
    return [html.unescape(re.sub("<[^>]+>", "", text)) for text in values(widget)]


@pytest.mark.parametrize(("pattern", "workload", "objective", "settings"), UNREACHED)
def test_what_is_not_reached_is_said_once_and_first(pattern, workload, objective, settings):
    limits = "memory_bytes<=64KiB" if pattern == "cache" else None
    found = tune(pattern, workload, objective, limits, settings=settings)
    card = RecommendationCard(load_bench(pattern), lambda chosen: None, lambda budget: None)
    card.show(found)
    said = words(card.widget)
    assert found.unreached
    assert said[0] == f"{found.unreached}."
    assert " ".join(said).count(found.unreached) == 1
    assert said[1].startswith("Closest: ")


def test_search_says_what_it_does_and_how_far_it_is():
    card = RecommendationCard(load_bench("cache"), lambda values: None, lambda budget: None)
    card.working(0, 1)
    said = card.progress.children[0].value
    assert "Comparing settings: begun" in said
    card.working(12, 1_200)
    said = card.progress.children[0].value
    assert "12 of 1,200 points" in said
    assert card.buttons == []
    assert card.widget.layout.display is None


def test_settings_are_written_in_one_form():
    found = tune("cache", "flights")
    card = RecommendationCard(load_bench("cache"), lambda chosen: None, lambda budget: None)
    card.show(found)
    first = words(card.widget)[0]
    size = f"{found.settings['max_cache_size']:,}"
    title = load_bench("cache").info("policy").title(found.settings["policy"])
    assert found.settings["max_cache_size"] > 1000
    assert title != found.settings["policy"]
    assert first.startswith(f"Recommended: max_cache_size = {size}, policy = {title} (")
    assert f"max_cache_size {size} with policy {title} is the smallest" in first
