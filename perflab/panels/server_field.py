"""The field for the user's own server: its URL goes into the environment and nowhere else."""

from __future__ import annotations

import html
import os
from collections.abc import Callable

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.field_error import FieldError
from perflab.servers.addresses import names_server, redact


class ServerField:
    """Takes a URL, password included, into an environment variable that a run's child inherits.

    What is typed leaves the widget at once, since a widget's state is saved in the notebook; what
    stays is a label without the password.

    Args:
        variable: The environment variable; none where the pattern uses no server.
        changed: Called when another server was named, or none any more.
        check: Looks at the address in the variable, without connecting, and raises
            `BadInputError` where it is not valid; the earlier one is kept then.
    """

    def __init__(
        self,
        variable: str | None,
        changed: Callable[[], None],
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._variable = variable
        self._changed = changed
        self._check = check
        hint = (
            f"The URL of your own server, with its password. Enter takes it into {variable} of "
            "this notebook's process; it is kept neither in the notebook nor in a report."
        )
        self.text = widgets.Password(
            placeholder="your own server's URL",
            tooltip=hint,
            continuous_update=False,
            layout=widgets.Layout(width="200px"),
        )
        self.forget = widgets.Button(
            icon="times",
            tooltip="Use perflab's own server again, from the next run on.",
            layout=widgets.Layout(width="32px"),
        )
        self.label = widgets.HTML()
        self.label.add_class("perflab-line")
        self.field_error = FieldError(self.text, lambda: None, "Keep the server below (Escape).")
        row = widgets.HBox([self.text, self.forget])
        self.widget = widgets.VBox([row, self.field_error.widget, self.label])
        self.widget.layout.display = "none" if variable is None else None
        self.text.observe(lambda change: self._take(change["new"]), "value")
        self.forget.on_click(lambda _: self._put(""))
        self._show()

    @property
    def address(self) -> str | None:
        """The server named, without its password; none for perflab's own."""
        url = "" if self._variable is None else os.environ.get(self._variable, "")
        return redact(url) if url else None

    def _take(self, typed: str) -> None:
        if typed:
            self.text.value = ""
            self._put(typed.strip())

    def _put(self, url: str) -> None:
        if self._variable is None:
            return
        before, wrong = os.environ.get(self._variable, ""), ""
        try:
            self._name(url)
            if url:
                self._check()
                wrong = "" if names_server(url) else "names no host"
        except (BadInputError, ValueError) as error:
            wrong = error.message if isinstance(error, BadInputError) else "is not a valid address"
        if wrong:
            self._name(before)
            self.field_error.say(f"What was entered {wrong}.")
            return
        self.field_error.clear()
        self._show()
        self._changed()

    def _name(self, url: str) -> None:
        assert self._variable is not None  # noqa: S101  (the field is hidden without one)
        if url:
            os.environ[self._variable] = url
        else:
            os.environ.pop(self._variable, None)

    def _show(self) -> None:
        address = self.address
        said = "perflab's own, started with each run"
        self.label.value = said if address is None else f"yours: <b>{html.escape(address)}</b>"
        self.forget.disabled = address is None
