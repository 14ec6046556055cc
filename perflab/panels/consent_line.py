"""The line that asks before a server is used that is not perflab's."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from perflab.servers.consent import ConsentNeededError, allow
from perflab.settings import BadInputError


class ConsentLine:
    """Says which server and what would be written there, with a button that agrees.

    Args:
        agreed: Called after the user has agreed.
        failed: Called with the error where that cannot be kept.
    """

    def __init__(self, agreed: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        self._agreed, self._failed = agreed, failed
        self._address: str | None = None
        self.text = widgets.HTML()
        self.button = widgets.Button(
            description="Use this server",
            icon="check",
            tooltip="Agree once, for every later run, and start the run.",
            button_style="warning",
            layout=widgets.Layout(width="150px", flex="0 0 auto"),
        )
        self.widget = widgets.HBox([self.text, self.button])
        self.widget.add_class("perflab-card")
        self.button.on_click(lambda _: self._agree())
        self.hide()

    def ask(self, error: ConsentNeededError, written: str) -> None:
        """Ask to use a server, saying what would be written there."""
        self._address = error.address
        self.text.value = (
            f"This server is not perflab's: <b>{html.escape(error.address)}</b>. "
            f"A run puts load on it and writes {html.escape(written)}; nothing else is touched."
        )
        self.widget.layout.display = None

    def hide(self) -> None:
        """Ask nothing."""
        self._address = None
        self.widget.layout.display = "none"

    def _agree(self) -> None:
        address = self._address
        if address is None:
            return
        try:
            allow(address)
        except BadInputError as error:
            self._failed(error)
            return
        self.hide()
        self._agreed()
