from __future__ import annotations

import pytest

from perflab.panels.compare import Compare
from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.connection_pool.bench import ConnectionPoolBench

BENCH = CacheBench()
AT_FIRST = BENCH.display.what_if_charts[0].compared


@pytest.fixture
def told():
    return []


@pytest.fixture
def compare(told):
    return Compare(BENCH, lambda key, values: told.append((key, values)))


def test_chart_with_lines_has_a_button_for_each_value(compare):
    assert tuple(compare.buttons["policy"]) == BENCH.display.what_if_charts[0].values
    assert set(compare.chosen("policy")) == set(AT_FIRST)


def test_pressed_button_tells_all_that_is_chosen(compare, told):
    compare.buttons["policy"]["fifo"].value = True
    key, values = told[-1]
    assert key == "policy"
    assert set(values) == {*AT_FIRST, "fifo"}


def test_reset_is_told_once(compare, told):
    compare.buttons["policy"]["lru"].value = False
    compare.buttons["policy"]["fifo"].value = True
    told.clear()
    compare.reset()
    assert [set(values) for _, values in told] == [set(AT_FIRST)]


def test_bench_whose_charts_have_no_lines_has_nothing_to_compare():
    assert Compare(ConnectionPoolBench(), lambda *_: None).widget.layout.display == "none"


def lines(panel):
    return set(panel.displays.what_if.first.charts[0]._lines)


def test_chosen_line_appears_and_one_no_longer_chosen_goes(panel):
    assert lines(panel) == set(AT_FIRST)
    buttons = panel.compare.buttons["policy"]
    buttons["fifo"].value = True
    buttons["opt"].value = False
    panel.wait(30)
    assert lines(panel) == {*AT_FIRST, "fifo"} - {"opt"}


def test_present_line_stays_whether_chosen_or_not(panel):
    panel.compare.buttons["policy"]["lru"].value = False
    panel.wait(30)
    assert "lru" in lines(panel)


def test_nothing_chosen_leaves_the_present_line(panel):
    for button in panel.compare.buttons["policy"].values():
        button.value = False
    panel.wait(30)
    assert lines(panel) == {"lru"}


def test_panel_says_gain_and_distance_in_numbers(panel):
    panel.controls.controls["policy"].value = "sieve"
    panel.wait(30)
    said = panel.displays.what_if.standing.text
    assert said.startswith("<b>SIEVE: hit rate")
    assert "points against LRU" in said
    assert "points against OPT" in said


def test_reset_brings_the_first_lines_back(panel):
    panel.compare.buttons["policy"]["fifo"].value = True
    panel.reset()
    panel.wait(30)
    assert lines(panel) == set(AT_FIRST)
