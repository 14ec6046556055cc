"""Each heading, number, slider, field and button of all panels has a help text."""

from __future__ import annotations

import re

import ipywidgets as widgets
import pytest

from perflab.bench import bench_names
from perflab.panels import workbench
from perflab.panels.pointer import PointerLayer

UNNAMED = (widgets.Box, widgets.HTML, widgets.Image, widgets.Output, widgets.FloatProgress)
LABELS = ("perflab-label", "perflab-caption")


def parts(widget):
    """Yield a widget and all that stands in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def is_field(widget):
    """Say whether a user meets it: the layer over a picture says itself what stands there."""
    if isinstance(widget, (*UNNAMED, PointerLayer)) or "perflab-unseen" in widget._dom_classes:
        return False
    return isinstance(widget, widgets.DOMWidget)


def help_of(widget):
    tooltips = getattr(widget, "tooltips", None)
    return all(tooltips) if tooltips else bool(widget.tooltip)


@pytest.fixture(params=bench_names(), scope="module")
def all_parts(request):
    """All widgets of an idle panel, by pattern."""
    made = workbench(request.param)
    made.wait(120)
    yield request.param, made, list(parts(made.widget))
    made.close()


def test_each_field_slider_and_button_has_help(all_parts):
    _, _, found = all_parts
    fields = [each for each in found if is_field(each)]
    assert len(fields) > 20
    assert [each for each in fields if not help_of(each)] == []


def test_each_label_and_heading_has_help(all_parts):
    _, _, found = all_parts
    labels = [each for each in found if {*LABELS} & {*each._dom_classes}]
    assert len(labels) > 5
    assert [each.value for each in labels if " title='" not in each.value] == []


def test_each_row_and_column_of_the_numbers_has_help(all_parts):
    _, made, _ = all_parts
    heads = re.findall("<th[^>]*>", made.displays.table.widget.value)
    named = [head for head in heads if "scope=" in head]
    assert len(named) > 3
    assert [head for head in named if " title='" not in head] == []


def test_fingerprint_and_skew_have_help_where_a_workload_is_described(all_parts):
    _, made, _ = all_parts
    said = made.header.workload.value
    for word in ("fingerprint", "skew"):
        plain = re.sub("<[^>]*>", "", said).replace("zipf:skew=", "")
        assert (word not in plain) or re.search(f" title='[^']+'>{word}<", said)
