"""The panel's recommendation, run live beside its rivals: asked for, seen, ended and forgotten."""

import html
import re

import pytest

from perflab.panels import live_check
from perflab.panels.live_check import LiveCheck, is_comparable
from perflab.servers.consent import ConsentNeededError, ForeignServer
from perflab.tuning.recommend import tune

SMALL = "zipf:skew=0.9,keys=500,requests=20k,seed=1"


def words(widget):
    return html.unescape(re.sub("<[^>]+>", " ", widget.value))


@pytest.fixture
def recommended(open_panel):
    """Return a panel with a recommendation."""
    panel = open_panel(SMALL, {"max_cache_size": 400, "request_rate": None, "speedup": None})
    panel.recommend()
    panel.wait(120)
    assert panel.recommendation.turns is None
    return panel


def test_a_check_ends_with_its_outcome_on_the_card(recommended, until):
    panel, card = recommended, recommended.report_actions.card
    assert card.check.widget in card.widget.children
    panel.check_live(15.0)
    panel.tasks.wait(120)
    assert panel.status.problem == ""
    found = panel.recommendation
    assert found.turns["budget_seconds"] == 15.0
    assert found.turns["ended"] in ("decided", "budget")
    assert {each["name"] for each in found.turns["contenders"]} >= {"recommended", "now"}
    said = words(card.check.outcome)
    assert "Checked live in" in said
    assert found.turns["outcome"] in said
    for contender in found.turns["contenders"]:
        assert contender["written"] in said
    if any(len(each["rounds"]) > 1 for each in found.turns["contenders"]):
        assert "interval" in said
    assert card.check.outcome in card.check.widget.children
    # It can be done again, for another time.
    assert not card.check.button.disabled


def test_a_cancelled_check_keeps_what_is_known_and_says_so(recommended, until):
    panel, check = recommended, recommended.report_actions.card.check
    panel.check_live(300.0)
    until(lambda: check._going in check.widget.children)
    assert panel.actions.buttons["run"].disabled
    assert panel.actions.buttons["recommend"].disabled
    panel.run_or_stop()
    assert not panel.runner.active
    check.cancel_button.click()
    assert check.cancelled
    assert check.cancel_button.disabled
    panel.tasks.wait(120)
    assert panel.recommendation.turns["ended"] == "cancelled"
    assert "cancelled" in words(check.outcome)
    assert not panel.actions.buttons["run"].disabled


@pytest.mark.parametrize("how", ["reset", "workload"])
def test_a_check_that_is_forgotten_ends_and_shows_nothing(recommended, until, how):
    panel, check = recommended, recommended.report_actions.card.check
    panel.check_live(300.0)
    until(lambda: check._going in check.widget.children)
    if how == "reset":
        panel.reset()
    else:
        panel.picker.pick("zipf:skew=0.8,keys=300,requests=10k,seed=2")
        panel.picker.wait(60)
    until(lambda: check.cancelled)
    panel.wait(120)
    assert panel.recommendation is None
    assert panel.report_actions.card.widget.children == ()


def test_no_check_begins_while_a_run_goes_on(recommended, until):
    panel, check = recommended, recommended.report_actions.card.check
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and panel.runner.live.state == "running")
    until(lambda: check.button.disabled)
    panel.check_live(15.0)
    panel.tasks.wait(60)
    assert panel.recommendation.turns is None
    assert panel.runner.active
    panel.run_or_stop()
    panel.tasks.wait(60)
    until(lambda: not check.button.disabled)


def test_a_server_is_asked_for_and_the_check_goes_on_after_it(recommended, monkeypatch, until):
    panel = recommended
    server = ForeignServer("redis://example.test:6379", "writes keys of its own")
    asked = []

    def refusing(*args, **values):
        asked.append(values["budget"])
        raise ConsentNeededError((server,))

    monkeypatch.setattr("perflab.panels.recommendation_card.tune", refusing)
    panel.check_live(15.0)
    panel.tasks.wait(60)
    assert "example.test" in words(panel.server.consent.text)
    assert panel.status.problem == ""
    assert panel.recommendation.turns is None
    panel.server.go_on()
    panel.tasks.wait(60)
    assert asked == [15.0, 15.0]


def test_an_error_is_said_and_the_button_comes_back(recommended, monkeypatch):
    def failing(*args, **values):
        raise RuntimeError("the child died")

    monkeypatch.setattr("perflab.panels.recommendation_card.tune", failing)
    check = recommended.report_actions.card.check
    recommended.check_live(15.0)
    recommended.tasks.wait(60)
    assert "the child died" in recommended.status.problem
    assert check._offered in check.widget.children
    assert not check.button.disabled


def test_a_double_click_is_one_check():
    begun = []
    check = LiveCheck(begun.append)
    check.budget.value = live_check.BUDGETS[0]
    check.button.click()
    check.button.click()
    assert begun == [live_check.BUDGETS[0]]
    check.usable(usable=False)
    check.button.click()
    assert len(begun) == 1


def test_nothing_is_offered_where_there_is_nothing_to_compare():
    found = tune("async_io", "steady:rate=1,requests=1", settings={"max_concurrent": 1})
    assert found.settings == found.before
    assert is_comparable(found) == bool(found.alternatives or found.unreached)


def test_words_of_a_check_are_escaped(recommended):
    panel = recommended
    panel.check_live(15.0)
    panel.tasks.wait(120)
    taken = {**panel.recommendation.turns, "outcome": "<img src=x onerror=alert(1)>"}
    assert "<img" not in live_check._told(taken)
