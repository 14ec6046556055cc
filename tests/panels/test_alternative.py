"""What pictures say in words, and how often that is sent."""

import math

import pytest

from perflab.bench import load_bench
from perflab.charts import Mark
from perflab.instrumentation.catalog import metric
from perflab.panels.alternative import Alternative, points_in_words, run_in_words
from perflab.panels.live_view import LiveView
from perflab.panels.map_view import MapView
from perflab.panels.views import Point, WhatIfView


@pytest.fixture(scope="module")
def cache():
    return load_bench("cache")


def sent(alternative):
    texts = []
    alternative.widget.observe(lambda change: texts.append(change["new"]), "value")
    return texts


def present(cache, size, rate):
    return Point(cache.identity.settings_class.read({"max_cache_size": size}), {"hit_rate": rate})


def test_first_text_is_sent_at_once_and_of_many_soon_after_only_the_last(until):
    alternative = Alternative(seconds=0.3)
    texts = sent(alternative)
    for number in range(50):
        alternative.say(f"reading {number}")
    assert texts[0] == "reading 0"
    until(lambda: texts[-1] == "reading 49")
    assert len(texts) < 50


def test_same_text_is_not_sent_again():
    alternative = Alternative(seconds=60)
    texts = sent(alternative)
    alternative.say("reading")
    alternative.say("reading")
    assert texts == ["reading"]


def test_text_is_not_read_as_html():
    alternative = Alternative(seconds=60)
    alternative.say("<img src=x>")
    assert alternative.widget.value == "&lt;img src=x&gt;"


def test_a_what_if_chart_says_its_marks_and_where_the_settings_are(cache):
    view = WhatIfView(cache, cache.display.what_if_charts[:1])
    assert "not predicted yet" in view.alternative.text
    view.show(points={"now": present(cache, 1000, 0.458), "measured": present(cache, 1000, 0.46)})
    assert "hit rate: present settings 45.8 % at max cache size 1k" in view.alternative.text
    assert "measured 46 %" in view.alternative.text
    view.show(points={"measured": None})
    assert "measured" not in view.alternative.text


def test_lines_that_can_be_told_apart_are_named():
    info = metric("hit_rate")
    said = points_in_words("Hit rate", info, [Mark("", 1.0, math.nan, "now")], "size 1", ("a", "b"))
    assert said == "Hit rate. hit rate: not predicted yet. Lines: a, b."
    assert "Lines" not in points_in_words("Hit rate", info, [], "", ("a",))


def test_a_map_says_the_metric_and_both_settings(cache):
    view = MapView(cache)
    view.begin(cache.display.heat_maps[:1], [([60.0, None], [100, 1000])])
    view.show(points={"now": present(cache, 1000, 0.458)})
    (alternative,) = view.alternatives
    said = alternative.text
    assert "hit rate: present settings 45.8 % at TTL none, max cache size 1k" in said
    assert view.widget.children[0].children[-1] is alternative.widget


def test_a_live_chart_says_measured_beside_predicted(cache):
    view = LiveView(cache.display.live_charts)
    assert "No run yet." in view.alternative.text
    row = {"seconds": 3.7, "hit_rate": 0.1, "hit_rate_since_change": 0.45}
    view.show([row | {"predicted_hit_rate": 0.46}])
    assert "after 3 s. hit rate: measured 45 %, predicted 46 %." in view.alternative.text


def test_what_a_run_does_not_tell_is_a_dash():
    said = run_in_words("Hit rate, live", ["hit_rate"], {"seconds": 1.0, "hit_rate": math.nan})
    assert "nan" not in said
    assert "predicted" not in said
