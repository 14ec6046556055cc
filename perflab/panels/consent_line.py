"""The line that asks before a server is used that is not perflab's."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.servers.consent import ConsentNeededError, ForeignServer, allow


class ConsentLine:
    """Says which servers and what would be done there, with a button that agrees.

    Args:
        agreed: Called after the user has agreed.
        failed: Called with the error where that cannot be kept.
    """

    def __init__(self, agreed: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        self._agreed, self._failed = agreed, failed
        self._servers: tuple[ForeignServer, ...] = ()
        self.text = widgets.HTML()
        self.button = widgets.Button(
            description="Use this server",
            icon="check",
            tooltip="Agree once, for every later run, and go on.",
            button_style="warning",
            layout=widgets.Layout(width="150px", flex="0 0 auto"),
        )
        self.widget = widgets.HBox([self.text, self.button])
        self.widget.add_class("perflab-card")
        self.button.on_click(lambda _: self._agree())
        self.hide()

    def ask(self, error: ConsentNeededError) -> None:
        """Ask to use servers, with all that would be done there."""
        self._servers = error.servers
        self.text.value = "<br>".join(_question(server) for server in error.servers)
        self.widget.layout.display = None

    def hide(self) -> None:
        """Ask nothing."""
        self._servers = ()
        self.widget.layout.display = "none"

    def _agree(self) -> None:
        servers = self._servers
        if not servers:
            return
        try:
            allow(*servers)
        except BadInputError as error:
            self._failed(error)
            return
        self.hide()
        self._agreed()


def _question(server: ForeignServer) -> str:
    return (
        f"<b>{html.escape(server.address)}</b> is not perflab's own server. "
        f"A run {html.escape(server.doing)}."
    )
