from __future__ import annotations

import pytest

from perflab.panels.alerts_row import AlertsRow


@pytest.fixture
def row():
    told = []
    made = AlertsRow(
        lambda alert: told.append(("added", alert.text)), lambda text: told.append(("gone", text))
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
