"""`ReadingFields`: how a file is to be read: its format, columns, log format, units, separator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.columns_choice import ColumnsChoice
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.importers.dispatch import HowRead
from perflab.workloads.importers.log_names import LOGS, NAMES, check_log_format
from perflab.workloads.importers.preview import FilePreview
from perflab.workloads.importers.reading import (
    SEPARATORS,
    applicable,
    separator_word,
    with_options,
)
from perflab.workloads.importers.time_units import UNITS

AUTO = "auto-detect"
_NO_KEY = "; name one with --columns"
_OPTION = re.compile(r"--(columns|format|log-format|time-unit|separator|no-header)\b")
_OPTIONS = {"no-header": "'first line is a row'"}


class ReadingFields:
    """The options of reading as fields, each shown where it applies or holds something.

    An empty one is detected: in it stands, in grey, what was found in the file that was read last.

    Args:
        formats: The formats that there are; with none, files are read as they are, and nothing is
            shown.
        roles: The roles that columns may play.
        changed: Called when a user has changed one of them.

    Attributes:
        format: The format, or an empty text to detect it.
        choice: The columns of roles, chosen from the file's own.
        columns: The same as a text, as on the command line; a template of several is typed here.
        log_format: A name of a log format, or a server's own words for it.
        time_unit: The unit of times that are numbers.
        separator: What parts the columns of a text table.
        no_header: Whether its first line is a row.
        widget: All of them.
    """

    def __init__(
        self, formats: tuple[str, ...], roles: tuple[str, ...], changed: Callable[[], None]
    ) -> None:
        self._changed = changed
        self._restoring = False
        self._named: Mapping[str, str] = {}
        self.choice = ColumnsChoice(roles, self._on_choice)
        self._found: HowRead | None = None
        self.format = widgets.Dropdown(
            options=[(AUTO, ""), *((name, name) for name in formats)],
            description="format",
            tooltip="Detected automatically; raw binary formats must be selected.",
            layout=widgets.Layout(width="220px"),
        )
        self.columns = widgets.Text(
            description="columns",
            placeholder="key=url,time=ts",
            tooltip="Of tables and JSON logs: key, time, size, ttl, op; or key={host}{path}.",
            continuous_update=False,
            layout=widgets.Layout(width="300px"),
        )
        self.log_format = _combobox(
            "log format",
            NAMES,
            "A name, or nginx's log_format or Apache's LogFormat as it stands in the server's "
            "configuration.",
            "380px",
        )
        self.time_unit = _combobox(
            "time unit", tuple(UNITS), "The unit of times that are numbers: s, ms, us or ns."
        )
        self.separator = _combobox(
            "separator",
            tuple(SEPARATORS),
            "What parts the columns of a text table: a character, tab, or blank for any number "
            "of blanks.",
        )
        self.no_header = widgets.Checkbox(
            description="first line is a row",
            indent=False,
            tooltip="The table has no heading; its columns are named by number: key=2,time=1.",
            layout=widgets.Layout(width="160px"),
        )
        fields = widgets.HBox(
            list(self._fields.values()), layout=widgets.Layout(flex_flow="row wrap")
        )
        self.widget = widgets.VBox(
            [self.choice.widget, fields],
            layout=widgets.Layout(display=None if formats else "none"),
        )
        for field in self._fields.values():
            field.observe(lambda _: self._on_change(), "value")
        self.show(None)

    @property
    def values(self) -> dict[str, Any]:
        """What each field holds, by name, for `restore`."""
        return {name: field.value for name, field in self._fields.items()}

    def read(self) -> dict[str, str] | None:
        """Return columns and options as the one mapping that travels; None for nothing.

        Raises:
            BadInputError: If one of them is wrong; its place is that field's name.
        """
        log_format = self.log_format.value.strip() or None
        if log_format is not None:
            check_log_format(log_format)
        # A blank or a tab parts columns, too.
        separator = self.separator.value
        options = with_options(
            self._columns() or None,
            log_format=log_format,
            time_unit=self.time_unit.value.strip() or None,
            separator=(separator.strip() or separator[:1]) or None,
            no_header=self.no_header.value,
        )
        return options or None

    def preview(self, preview: FilePreview | None) -> None:
        """Show what stands at a file's beginning, with its columns to choose from."""
        try:
            named = self._columns()
        except BadInputError:  # which is said at the field
            named = {}
        self.choice.show(preview, named)

    def field(self, error: Exception) -> widgets.DOMWidget | None:
        """Return the field that an error is of, or None."""
        place = error.place if isinstance(error, BadInputError) else None
        return self._fields.get((place or "").partition(" ")[0])

    def show(self, found: HowRead | None, times: str = "") -> None:
        """Show in empty fields what was found in a file that was read.

        Args:
            found: How it was read; None where that is not known, so that all may be named.
            times: In which unit its times were read.
        """
        self._found = found
        kind = "" if found is None else found.kind
        log = kind if kind in LOGS else ""
        self.log_format.placeholder = _detected(log)
        self.time_unit.placeholder = _detected(times)
        separator = None if found is None else found.separator
        self.separator.placeholder = _detected(separator_word(separator) if separator else "")
        self._show_fields()

    def restore(self, values: Mapping[str, Any]) -> None:
        """Let the fields hold these values again; nothing is read for it."""
        self._restoring = True
        try:
            for name, value in values.items():
                self._fields[name].value = value
        finally:
            self._restoring = False
        self._show_fields()

    def _columns(self) -> dict[str, str]:
        """Return the column of each role; those that were chosen may have a comma in their name."""
        text = self.columns.value
        if text and text == _as_text(self._named):
            return dict(self._named)
        return parse_columns(text) if text.strip() else {}

    def _on_choice(self, named: Mapping[str, str]) -> None:
        self._named = named
        self.columns.value = _as_text(named)

    @property
    def _fields(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in ("format", "columns", "log_format", "time_unit", "separator", "no_header")
        }

    def _on_change(self) -> None:
        if not self._restoring:
            self._show_fields()
            self._changed()

    def _show_fields(self) -> None:
        kind = self.format.value or None
        if kind is None and self._found is not None and self._found.kind != "text":
            kind = "combined" if self._found.kind in LOGS else self._found.kind
        wanted = applicable(kind)
        for name, field in self._fields.items():
            is_shown = name == "format" or name in wanted or bool(field.value)
            field.layout.display = None if is_shown else "none"


def _combobox(
    description: str, options: tuple[str, ...], tooltip: str, width: str = "290px"
) -> widgets.Combobox:
    return widgets.Combobox(
        description=description,
        options=options,
        placeholder=AUTO,
        tooltip=tooltip,
        continuous_update=False,
        layout=widgets.Layout(width=width),
    )


def on_panel(text: str) -> str:
    """Return an error's advice with the fields' names in the place of the command line's options.

    Args:
        text: Such as ``has no column for the key; name one with --columns key=NAME``.
    """
    if _NO_KEY in text:
        return f"{text.partition(_NO_KEY)[0]}; choose it in the box key"
    return _OPTION.sub(lambda found: _OPTIONS.get(found[1], found[1].replace("-", " ")), text)


def _as_text(named: Mapping[str, str]) -> str:
    return ",".join(f"{role}={column}" for role, column in named.items())


def _detected(found: str) -> str:
    return f"{found}, detected" if found else AUTO
