"""Where the parts of the panel stand."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from perflab.panels.accessible import accessible, announced
from perflab.panels.css import style_sheet
from perflab.panels.escape import escape_key
from perflab.panels.explained import caption


def arrange(
    *,
    head: Sequence[widgets.Widget],
    controls: widgets.Widget,
    server: widgets.Widget,
    alerts: widgets.Widget,
    compare: widgets.Widget,
    what_if: widgets.Widget,
    actions: widgets.Widget,
    live: widgets.Widget,
    table: widgets.Widget,
) -> widgets.VBox:
    """Return the panel: its head, the controls on the left, pictures and numbers on the right."""
    left = widgets.VBox(
        [
            caption("settings"),
            controls,
            *([] if compare.layout.display == "none" else [caption("compare")]),
            compare,
            *([] if server.layout.display == "none" else [caption("server")]),
            server,
            caption("alerts"),
            alerts,
        ],
        layout=widgets.Layout(width="264px", flex="0 0 264px"),
    )
    left.add_class("perflab-controls")
    right = widgets.VBox(
        [caption("what if", "what-if"), what_if, caption("live", "live run"), actions, live, table],
        layout=widgets.Layout(flex="1 1 0", min_width="420px", padding="0 0 0 10px"),
    )
    # Where a window is too narrow for both, the pictures stand below the controls.
    body = widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap"))
    unseen = [style_sheet(), escape_key(), accessible(), announced()]
    panel = widgets.VBox([*unseen, *head, body])
    panel.add_class("perflab")
    return panel


def close_all(widget: widgets.Widget) -> None:
    """Close a widget and all that stands in it."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    widget.close()
