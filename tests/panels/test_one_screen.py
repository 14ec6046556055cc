"""A panel for the width that its page tells: places, tabs, sections and enlarged charts."""

import io

import numpy as np
import pytest
from PIL import Image

from perflab.bench import bench_names, load_bench
from perflab.panels.displays import Displays
from perflab.panels.frame import Frame
from perflab.panels.live_view import paired


def size(image):
    return Image.open(io.BytesIO(image.value)).size


def seen(image):
    return image.layout.display != "none"


def told(panel, text, theme="light"):
    panel.measure.field.value = f"{text} {theme}"
    panel.wait(60)
    return panel.displays


@pytest.mark.parametrize("name", bench_names())
@pytest.mark.parametrize("width", [360, 574, 830, 1085, 1405])
def test_pictures_have_the_pixels_of_their_places_and_cut_no_text(name, width):
    displays = Displays(load_bench(name))
    frame = Frame(width, 1.5)
    displays.place(frame)
    for view in (displays.what_if.first, displays.live):
        wide = round(frame.main * frame.scale(frame.main))
        assert abs(size(view.image)[0] - wide) <= 1
        assert view.widget.layout.width == f"{frame.main}px"
        figure = view._figure
        for chart in view.charts:
            if not chart.axes.get_visible():
                continue
            for text in (chart.axes._left_title, chart.axes.yaxis.label, chart.axes.xaxis.label):
                box = text.get_window_extent()
                assert not text.get_text() or (box.x0 >= 0 and box.x1 <= figure.bbox.x1), text
                assert not text.get_text() or (box.y0 >= 0 and box.y1 <= figure.bbox.y1), text
                assert text.get_fontsize() * 100 / 72 >= 11
            title, label = chart.axes._left_title, chart.axes.yaxis.label
            if title.get_text():
                assert not title.get_window_extent().overlaps(label.get_window_extent())


def test_a_third_chart_without_a_place_stands_in_a_tab_with_its_strip(panel):
    displays = told(panel, "830 1")
    row = displays.what_if.first._place.shown
    assert row == (0, 1)
    assert [seen(view.widget) for view in displays.what_if.others] == [False, False, True, True]
    assert [seen(view.widget) for view in displays.live_others] == [False, False, True]
    displays = told(panel, "1085 1")
    assert displays.what_if.first._place.shown == (0, 1, 2)
    assert [seen(view.widget) for view in displays.what_if.others] == [False, False, False, True]


def test_enlarged_chart_stands_alone_with_its_strip_until_it_is_let_go(panel):
    displays = told(panel, "1085 2")
    before = [size(view.image) for view in (displays.what_if.first, displays.live)]
    enlarging = displays.enlarging
    enlarging.buttons[1].value = True
    assert displays.what_if.first._place.shown == displays.live._place.shown == (1,)
    assert size(displays.what_if.first.image)[1] > before[0][1]
    assert [seen(button) for button in enlarging.buttons] == [False, True, False]
    assert "Escape" in enlarging.buttons[1].tooltip
    panel.controls.controls["max_cache_size"].value = 77
    panel.wait(60)
    assert "77" in displays.what_if.first.alternative.text
    enlarging.buttons[1].value = False
    assert [size(view.image) for view in (displays.what_if.first, displays.live)] == before


def test_tabs_are_there_for_what_is_there_and_columns_show_all(panel):
    displays = told(panel, "830 1")
    tabs = displays.tabs
    there = [name for name, button in tabs.buttons.items() if seen(button)]
    assert there == ["All numbers", "More charts", "Over time", "Events", "History"]
    assert [name for name in there if tabs.sees(name)] == ["All numbers"]
    tabs.buttons["Over time"].value = True
    assert tabs.chosen == "Over time"
    tabs.buttons["Over time"].value = False  # a second press
    assert tabs.buttons["Over time"].value
    told(panel, "1405 1")
    assert all(tabs.sees(name) for name in there)
    assert not tabs.sees("Maps")


def test_a_card_is_chosen_when_it_comes_and_left_when_it_goes(panel):
    displays = told(panel, "830 1")
    panel.recommend()
    panel.wait(120)
    assert displays.tabs.chosen == "Recommendation"
    panel.reset()
    panel.wait(60)
    assert displays.tabs.chosen == "All numbers"


def test_what_nobody_sees_is_drawn_when_it_is_seen(panel):
    displays = told(panel, "830 1")
    (cost,) = displays.what_if.others[3:]
    before = cost.image.value
    panel.controls.controls["max_cache_size"].value = 30
    panel.wait(60)
    assert cost.image.value == before
    displays.tabs.choose("More charts")
    assert cost.image.value != before
    assert "30" in cost.alternative.text


def test_sections_fold_and_one_without_controls_is_hidden(open_panel):
    panel = open_panel()
    (body,) = (each for each in panel.widget.children if "perflab-body" in each._dom_classes)
    sections = {each.children[0].description: each for each in body.children[0].children}
    assert list(sections)[:2] == ["Caching", "Load"]
    assert {"Prices", "Compare", "Alerts", "Limits and report"} <= {*sections}
    assert not seen(sections["Server"])
    heading = sections["Caching"].children[0]
    assert "perflab-folded" not in sections["Caching"]._dom_classes
    heading.value = False
    assert "perflab-folded" in sections["Caching"]._dom_classes
    panel.picker.pick("flights")
    panel.wait(60)
    assert "perflab-folded" in sections["Caching"]._dom_classes


@pytest.mark.parametrize("name", bench_names())
def test_each_live_chart_has_a_place_and_those_of_a_metric_stand_below_it(name):
    display = load_bench(name).display
    above = display.what_if_charts[:3]
    found = paired(display.live_charts, above)
    assert sorted(each.title for each in found) == sorted(
        each.title for each in display.live_charts
    )
    for number, chart in enumerate(above):
        if any(chart.metric in each.metrics for each in display.live_charts):
            assert chart.metric in found[number].metrics or any(
                chart.metric in other.metrics for other in found[:number]
            )


def test_a_picture_of_another_size_shows_the_same_as_one_made_for_it():
    bench = load_bench("cache")
    moved, made = Displays(bench), Displays(bench)
    moved.place(Frame(1405, 2.0))
    moved.place(Frame(830, 1.0))
    made.place(Frame(830, 1.0))
    for one, other in ((moved.what_if.first, made.what_if.first), (moved.live, made.live)):
        pictures = [np.asarray(Image.open(io.BytesIO(v.image.value))) for v in (one, other)]
        assert (pictures[0] == pictures[1]).all()


def test_labels_are_as_large_after_a_change_of_resolution_as_before():
    bench = load_bench("cache")
    moved, made = Displays(bench), Displays(bench)
    moved.place(Frame(1085, 2.0))
    for displays in (moved, made):
        displays.place(Frame(1085, 1.0))
    for one, other in ((moved.what_if.first, made.what_if.first), (moved.live, made.live)):
        for chart, same in zip(one.charts, other.charts, strict=True):
            for text, like in (
                (chart.axes._left_title, same.axes._left_title),
                (chart.axes.yaxis.label, same.axes.yaxis.label),
            ):
                assert text.get_text() == like.get_text()
                assert text.get_fontsize() == like.get_fontsize()
    labels = [chart.axes.yaxis.label.get_text() for chart in moved.live.charts]
    assert labels == ["hit rate", "latency (s)", "memory (bytes)"]
