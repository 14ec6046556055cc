"""What the page needs to name a panel's parts stands in the panel, and costs no message."""

import html
import re

import ipywidgets as widgets
import pytest

from perflab.bench import bench_names, load_bench
from perflab.panels.accessible import accessible
from perflab.panels.controls import NumberControl, written
from perflab.panels.setting_controls import SettingControls


def all_widgets(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


def stops_of(control):
    found = re.search("data-perflab-stops='(.*?)'", control.label.value).group(1)
    return html.unescape(found).split("|")


@pytest.mark.parametrize("name", bench_names())
def test_every_slider_names_each_of_its_values_as_the_field_writes_it(name):
    controls = SettingControls(load_bench(name), {}, lambda *_: None).controls.values()
    sliders = [each for each in controls if isinstance(each, NumberControl) and each.stops]
    assert sliders
    for each in sliders:
        names = stops_of(each)
        assert len(names) == each.slider.max + 1
        for place in (0, each.slider.max // 2, each.slider.max):
            each.slider.value = place
            if not each.message:
                assert names[place] == each.text.value == written(each.info, each.value)


def test_a_move_of_a_slider_sends_its_names_only_once():
    controls = SettingControls(load_bench("cache"), {}, lambda *_: None).controls
    size = controls["max_cache_size"]
    texts = []
    size.label.observe(texts.append)
    size.slider.value += 1
    assert texts == []


@pytest.mark.parametrize("name", bench_names())
def test_every_control_has_a_name_and_help(name):
    for key, each in SettingControls(load_bench(name), {}, lambda *_: None).controls.items():
        title, text = re.search("<span title='(.+?)'.*?>([^<]+)", each.label.value).groups()
        assert title, key
        assert text.strip(), key


def test_every_picture_stands_before_its_text(panel):
    boxes = [each for each in all_widgets(panel.widget) if isinstance(each, widgets.Box)]
    pictures = 0
    for box in boxes:
        for place, child in enumerate(box.children):
            # One that is not shown is not drawn, and says nothing.
            if "perflab-pictured" in child._dom_classes and child.layout.display != "none":
                assert isinstance(child.children[0], widgets.Image)
                pictures += 1
                assert "perflab-alternative" in box.children[place + 1]._dom_classes
                assert box.children[place + 1].value
    assert pictures >= 2


def test_a_panel_has_a_live_region_headings_and_the_script(panel):
    texts = [each.value for each in all_widgets(panel.widget) if isinstance(each, widgets.HTML)]
    assert sum("role='status'" in text for text in texts) == 1
    assert sum("role='heading'" in text for text in texts) >= 5
    scripts = [
        each.outputs for each in all_widgets(panel.widget) if isinstance(each, widgets.Output)
    ]
    assert accessible().outputs in scripts


def test_what_only_an_icon_names_has_a_text(panel):
    buttons = [each for each in all_widgets(panel.widget) if isinstance(each, widgets.Button)]
    assert [each for each in buttons if not each.description and not each.tooltip] == []


def test_fields_beside_the_controls_have_a_text(panel):
    groups = panel.controls.groups.values()
    in_controls = {id(each) for group in groups for each in all_widgets(group)}
    kinds = (widgets.Text, widgets.Password, widgets.Dropdown)
    fields = [each for each in all_widgets(panel.widget) if isinstance(each, kinds)]
    beside = [each for each in fields if id(each) not in in_controls]
    beside = [each for each in beside if "perflab-unseen" not in each._dom_classes]
    assert len(beside) > 5
    assert [each for each in beside if not (each.tooltip or each.description)] == []
