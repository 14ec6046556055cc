"""Where the parts of the panel stand."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from perflab.panels.accessible import accessible, announced
from perflab.panels.css import style_sheet
from perflab.panels.escape import escape_key
from perflab.panels.relay import RELAY
from perflab.panels.sections import Section


def arrange(
    *,
    head: Sequence[widgets.Widget],
    over: Sequence[widgets.Widget],
    sections: Sequence[Section],
    main: Sequence[widgets.Widget],
    below: Sequence[widgets.Widget],
    unseen: Sequence[widgets.Widget],
) -> widgets.VBox:
    """Return the panel.

    Args:
        head: Across the whole width.
        over: What comes and goes: it lies over what is below the head, and moves nothing.
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
    cards = widgets.VBox(list(over))
    cards.add_class("perflab-over")
    top = widgets.VBox([*head, cards])
    top.add_class("perflab-top")
    panel = widgets.VBox(
        [style_sheet(), escape_key(), accessible(), announced(), *RELAY.probe(), *unseen, top, body]
    )
    panel.add_class("perflab")
    return panel


def messages(going: Sequence[widgets.Widget], known: Sequence[widgets.Widget]) -> widgets.VBox:
    """Return a panel's messages, in a room of its own, so that one that comes moves no chart.

    What has no room ends with an ellipsis, and is seen while the pointer or the focus is there; an
    error always is. Both lie over the charts.

    Args:
        going: What is going on, and what was made, in a row.
        known: What a reader must know, in some lines below it.
    """
    row = widgets.HBox(list(going))
    row.add_class("perflab-messages")
    lines = widgets.VBox(list(known))
    lines.add_class("perflab-known")
    said = widgets.VBox([row, lines])
    said.add_class("perflab-said")
    room = widgets.VBox([said])
    room.add_class("perflab-said-room")
    return room


def close_all(widget: widgets.Widget) -> None:
    """Close a widget and all that stands in it."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    widget.close()
