"""`Section`: a part of the controls that folds, and all of them in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.panels.glossary import meaning


class Section:
    """A heading that is a button, and what it opens; hidden while there is nothing in it.

    Whether it is open is kept while the kernel lives. The page says it to screen readers
    (`accessible`), from the button's state.

    Args:
        title: The heading.
        part: What folds.
        opened: Whether it is open at first.
    """

    def __init__(self, title: str, part: widgets.Widget, *, opened: bool) -> None:
        self.part = part
        self.heading = widgets.ToggleButton(
            value=opened,
            description=title,
            tooltip=meaning(title.lower()) or f"Fold or unfold {title}.",
            layout=widgets.Layout(width="auto"),
        )
        self.heading.add_class("perflab-fold")
        self.widget = widgets.VBox([self.heading, part])
        self.widget.add_class("perflab-section")
        self.heading.observe(lambda change: self._fold(opened=bool(change["new"])), "value")
        part.layout.observe(lambda _: self._hide(), "display")
        self._fold(opened=opened)
        self._hide()

    @property
    def opened(self) -> bool:
        """Whether it is open."""
        return bool(self.heading.value)

    def _fold(self, *, opened: bool) -> None:
        self.heading.icon = "angle-down" if opened else "angle-right"
        (self.widget.remove_class if opened else self.widget.add_class)("perflab-folded")

    def _hide(self) -> None:
        self.widget.layout.display = self.part.layout.display


def sections_of(
    title: str,
    groups: Mapping[str, widgets.Widget],
    *,
    server: Sequence[widgets.Widget],
    compare: widgets.Widget,
    goals: Sequence[widgets.Widget],
    alerts: widgets.Widget,
) -> list[Section]:
    """Return the controls of a panel in order; those of which most use is made are open.

    Args:
        title: Of the bench.
        groups: Its settings, as `SettingControls` parts them.
        server: The field for the user's own server, and the actions of the bench.
        compare: What lines are drawn.
        goals: What a recommendation must keep, and where a report goes.
        alerts: What is watched.
    """
    hidden = [each.layout.display == "none" for each in server]
    of_server = widgets.VBox(list(server))
    of_server.layout.display = "none" if all(hidden) else None
    return [
        Section(title, groups["pattern"], opened=True),
        Section("Load", groups["load"], opened=True),
        Section("Server", of_server, opened=not hidden[-1]),
        Section("Compare", compare, opened=False),
        Section("Prices", groups["prices"], opened=False),
        Section("Limits and report", widgets.VBox(list(goals)), opened=False),
        Section("Alerts", alerts, opened=False),
    ]
