from __future__ import annotations

import html
import re

import pytest

from perflab.bench import bench_names, load_bench
from perflab.lab.alerts import alert_for
from perflab.panels.alerts_row import AlertsRow


@pytest.fixture
def row():
    told = []
    made = AlertsRow(
        load_bench("cache"),
        lambda alert: told.append(("added", alert.text)),
        lambda text: told.append(("gone", text)),
    )
    return made, told


def test_alert_is_added_by_its_text(row):
    made, told = row
    made.text.value = "hit_rate<0.8 for 5s"
    assert [alert.text for alert in made.alerts] == ["hit_rate<0.8 for 5s"]
    assert told == [("added", "hit_rate<0.8 for 5s")]
    assert made.text.value == ""


def test_text_that_is_no_alert_is_explained_and_kept(row):
    made, told = row
    made.text.value = "hit_rate is low"
    assert "is not an alert" in made.error.value
    assert made.text.value == "hit_rate is low"
    assert told == []


def test_unknown_metric_names_the_nearest(row):
    made, _ = row
    made.add("hitrate<0.8")
    assert "hit_rate" in made.error.value


@pytest.mark.parametrize("name", bench_names())
def test_example_in_the_field_is_an_alert_of_its_bench(name):
    bench = load_bench(name)
    added = []
    made = AlertsRow(bench, added.append, added.remove)
    made.add(made.text.placeholder)
    assert made.error.value == ""
    assert [alert.condition.metric for alert in added] == [bench.tuning.objective.metric]
    made.add("too slow")
    assert made.text.placeholder in html.unescape(made.error.value)


def test_same_alert_twice_is_one(row):
    made, told = row
    made.add("hit_rate<0.8")
    made.add("hit_rate<0.8")
    assert len(made.alerts) == len(told) == 1


def test_alert_is_removed_by_its_button(row):
    made, told = row
    made.add("hit_rate<0.8")
    made.add("evictions>10")
    made._list.children[0].children[0].click()
    assert [alert.text for alert in made.alerts] == ["evictions>10"]
    assert told[-1] == ("gone", "hit_rate<0.8")
    assert len(made._list.children) == 1


def test_fired_alert_is_marked_with_time_and_value_until_the_next_run(row):
    made, _ = row
    made.add("hit_rate<0.8")
    fired = {
        "alert": "hit_rate<0.8",
        "metric": "hit_rate",
        "fired": True,
        "seconds": 2.0,
        "value": 0.5,
    }
    made.show([fired])
    state = made._states["hit_rate<0.8"]
    assert "perflab-fired" in state.value
    assert "2 s with 50 %" in state.value
    made.show([])
    assert "perflab-fired" not in state.value


@pytest.mark.parametrize("pattern", bench_names())
def test_placeholder_is_an_alert_that_the_bench_takes(pattern):
    bench, told = load_bench(pattern), []
    made = AlertsRow(bench, told.append, told.append)
    shown = made.text.placeholder
    assert alert_for(bench, shown).condition.metric in bench.measured_metrics()
    assert shown in made.text.tooltip
    made.text.value = shown
    assert [alert.text for alert in told] == [shown]


@pytest.mark.parametrize(
    ("pattern", "text", "nearest"),
    [
        ("connection_pool", "hit_rate<0.8", "connection_pool has no metric"),
        ("connection_pool", "wait_second_p95>1s", "wait_seconds_p95"),
        ("streaming", "row_rejected>0", "rows_rejected"),
        ("cache", "cost_per_day>3", "a run of cache does not measure"),
    ],
)
def test_metric_that_no_run_of_the_bench_measures_is_refused(pattern, text, nearest):
    told = []
    made = AlertsRow(load_bench(pattern), told.append, told.append)
    made.text.value = text
    assert nearest in made.error.value
    assert (made.alerts, told) == ((), [])


def entry(text, seconds, value):
    name = text.partition("<")[0].partition(">")[0]
    return {"alert": text, "metric": name, "fired": True, "seconds": seconds, "value": value}


def said(row):
    return html.unescape(re.sub("<[^>]*>", "", row.fired.value))


def test_alerts_that_fired_stand_in_a_line_for_the_top(row):
    made, _ = row
    made.add("hit_rate<0.8")
    made.add("evictions>10")
    assert made.fired.layout.display == "none"
    made.show([entry("hit_rate<0.8", 2.0, 0.5)])
    assert said(made) == "Alert: hit_rate<0.8: fired at 2 s with 50 %"
    assert made.fired.layout.display is None
    both = [entry("hit_rate<0.8", 2.0, 0.5), entry("evictions>10", 3.0, 11.0)]
    made.show(both)
    assert said(made).startswith("Alerts: hit_rate")
    assert "evictions&gt;10: fired at 3 s" in made.fired.value
    made.remove("hit_rate<0.8")
    assert said(made).startswith("Alert: evictions")
    made.show([])
    assert made.fired.layout.display == "none"


def test_fired_alert_of_a_run_stands_beside_the_title_and_goes_with_the_next(panel, until):
    (top,) = (each for each in panel.widget.children if "perflab-top" in each._dom_classes)
    title = top.children[0].children[0]
    assert panel.alerts.fired in title.children
    panel.alerts.text.value = "requests>=1"
    panel.run_or_stop()
    until(lambda: "requests&gt;=1: fired at" in panel.alerts.fired.value)
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    assert "requests&gt;=1: fired at" in panel.alerts.fired.value
    panel.reset()
    panel.wait(30)
    assert panel.alerts.fired.layout.display == "none"
