"""`Tabs`: parts of a panel of which one is seen, or all, where a page has the room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.panels.explained import caption
from perflab.panels.glossary import meaning


class Tabs:
    """A row of tabs, and a part for each. Safe to use from several threads.

    A part that hides itself (`layout.display` is ``none``) has no tab. The chosen one is kept
    while the kernel lives; if it hides, the first is chosen.

    Args:
        parts: By the name of its tab, in order.
        changed: Called with itself when other parts may be seen than before.
    """

    def __init__(
        self, parts: Mapping[str, widgets.Widget], changed: Callable[[Tabs], None] = lambda _: None
    ) -> None:
        self._lock = threading.RLock()
        self._changed = changed
        self._parts: dict[str, widgets.Widget] = {}
        self._panels: dict[str, widgets.VBox] = {}
        self.buttons: dict[str, widgets.ToggleButton] = {}
        self._columns, self._syncing = True, False
        self._chosen = next(iter(parts))
        self._bar, self._body = widgets.HBox([]), widgets.HBox([])
        self._bar.add_class("perflab-tabs")
        self._body.add_class("perflab-tab-body")
        self.widget = widgets.VBox([self._bar, self._body])
        for name, part in parts.items():
            self._put(name, part)
            part.layout.observe(lambda _: self._show(), "display")
        self._show()

    def add(self, name: str, part: widgets.Widget) -> None:
        """Add a part that is chosen when it comes: a card that a user has asked for."""
        self._put(name, part)
        part.layout.observe(lambda change: self._come(name, change), "display")
        self._show()

    def put(self, name: str, part: widgets.Widget) -> None:
        """Add a part that is always there, behind the others."""
        self._put(name, part)
        self._show()

    @property
    def chosen(self) -> str:
        """The name of the chosen part."""
        return self._chosen

    def sees(self, name: str) -> bool:
        """Say whether a part is seen now."""
        return self._is_there(name) and (self._columns or name == self._chosen)

    def choose(self, name: str) -> None:
        """Show a part, in the place of the one that is chosen."""
        with self._lock:
            self._chosen = name
        self._show()

    def stand(self, *, columns: bool) -> None:
        """Show all parts beside and below each other, or one of them."""
        with self._lock:
            self._columns = columns
        self._show()

    def _put(self, name: str, part: widgets.Widget) -> None:
        self._parts[name], self._panels[name] = part, _panel(name, part)
        self.buttons[name] = self._button(name)
        self._bar.children = tuple(self.buttons.values())
        self._body.children = tuple(self._panels.values())

    def _come(self, name: str, change: Mapping[str, str | None]) -> None:
        if change["old"] == "none" and change["new"] != "none":
            self.choose(name)
        else:
            self._show()

    def _button(self, name: str) -> widgets.ToggleButton:
        button = widgets.ToggleButton(
            description=name,
            tooltip=meaning(name.lower()),
            layout=widgets.Layout(width="auto"),
        )
        button.add_class("perflab-tab")
        button.observe(lambda _: self._press(name), "value")
        return button

    def _press(self, name: str) -> None:
        if not self._syncing:
            # A chosen tab that is pressed again stays chosen.
            self.choose(name)

    def _is_there(self, name: str) -> bool:
        return bool(self._parts[name].layout.display != "none")

    def _show(self) -> None:
        with self._lock:
            there = [name for name in self._parts if self._is_there(name)]
            if self._chosen not in there and there:
                self._chosen = there[0]
            self._bar.layout.display = "none" if self._columns or len(there) < 2 else None
            self._syncing = True
            try:
                for name, button in self.buttons.items():
                    button.value = name == self._chosen
                    button.layout.display = None if name in there else "none"
            finally:
                self._syncing = False
            for name, panel in self._panels.items():
                panel.layout.display = None if self.sees(name) else "none"
        # Not under the lock: pictures that are told so have locks of their own.
        self._changed(self)


def _panel(name: str, part: widgets.Widget) -> widgets.VBox:
    title = caption(name, name.lower())
    title.add_class("perflab-tab-title")
    panel = widgets.VBox([title, part])
    panel.add_class("perflab-tab-panel")
    return panel
