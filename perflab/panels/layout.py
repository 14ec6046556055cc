"""Where the parts of the panel stand."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from perflab.panels.accessible import accessible, announced
from perflab.panels.css import style_sheet
from perflab.panels.escape import escape_key
from perflab.panels.sections import Section


def arrange(
    *,
    head: Sequence[widgets.Widget],
    sections: Sequence[Section],
    main: Sequence[widgets.Widget],
    below: Sequence[widgets.Widget],
    unseen: Sequence[widgets.Widget],
) -> widgets.VBox:
    """Return the panel.

    Args:
        head: Across the whole width.
        sections: The controls, on the left; where a panel is narrow, below `main`.
        main: What is seen without scrolling: status, charts and headline numbers.
        below: What stands below both.
        unseen: What has no look.
    """
    left = widgets.VBox([section.widget for section in sections])
    left.add_class("perflab-controls")
    middle = widgets.VBox(list(main))
    middle.add_class("perflab-main")
    rest = widgets.VBox(list(below))
    rest.add_class("perflab-below")
    body = widgets.Box([left, middle, rest])
    body.add_class("perflab-body")
    top = widgets.VBox(list(head))
    top.add_class("perflab-top")
    panel = widgets.VBox(
        [style_sheet(), escape_key(), accessible(), announced(), *unseen, top, body]
    )
    panel.add_class("perflab")
    return panel


def messages(status: widgets.Widget, link: widgets.Widget, trust: widgets.Widget) -> widgets.VBox:
    """Return what is going on, what was made, and how far predictions are right.

    It has room for some lines, so that a text that comes or grows moves no chart.
    """
    row = widgets.HBox([status, link])
    row.add_class("perflab-messages")
    said = widgets.VBox([row, trust])
    said.add_class("perflab-said")
    return said


def close_all(widget: widgets.Widget) -> None:
    """Close a widget and all that stands in it."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    widget.close()
