"""`arranged`: the parts of a pattern's panel, each where it stands."""

from __future__ import annotations

import ipywidgets as widgets

from perflab.panels.actions import Actions
from perflab.panels.header import Header
from perflab.panels.in_view import kept_in_view
from perflab.panels.layout import arrange, messages
from perflab.panels.measure import Measure
from perflab.panels.sections import sections_of
from perflab.panels.server_side import ServerSide
from perflab.panels.session.lasting import Lasting, PanelParts


def arranged(
    parts: PanelParts,
    header: Header,
    actions: Actions,
    server: ServerSide,
    lasting: Lasting,
    measure: Measure,
) -> widgets.VBox:
    """Return the panel.

    Args:
        parts: What holds settings, pictures and numbers.
        header: What the panel is for, with its workload, server and costs.
        actions: The buttons below it.
        server: What runs send requests to, and the question whether they may.
        lasting: The line of a session that was reopened, and the picture that stays.
        measure: Tells how wide the panel is.
    """
    displays = parts.displays
    return arrange(
        head=[header.widget, actions.widget],
        over=[server.consent.widget, parts.picker.widget],
        sections=sections_of(
            parts.bench.identity.title,
            parts.controls.groups,
            server=[server.field.widget, server.actions.widget],
            compare=parts.compare.widget,
            goals=[parts.limits.widget, actions.folder],
            alerts=parts.alerts.widget,
        ),
        main=[
            messages(
                [parts.status.widget, parts.reports.link.widget, lasting.line],
                [displays.which_is_off, parts.status.remarks],
            ),
            displays.main,
        ],
        below=[displays.tabs.widget],
        unseen=[*measure.widgets, lasting.still.widget, kept_in_view()],
    )
