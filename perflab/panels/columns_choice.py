"""`ColumnsChoice`: which column of a file plays which role, chosen beside its first rows."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.errors.foreign_text import foreign_text
from perflab.panels.status import hidden_line, show_line
from perflab.units import counted
from perflab.workloads.importers.preview import FilePreview
from perflab.workloads.importers.template import fields_of, is_template

MOST_SHOWN = 12
"""Columns of the table; all of them are in the boxes."""

AUTO = ""
"""The value of a box in which nothing was chosen: with None, ipywidgets shows an empty box."""

_LONGEST_CELL = 40
_LONGEST_LINE = 160
_MEANINGS = {
    "key": "What is requested: a URL, a path, an id.",
    "time": "When it was requested.",
    "size": "How many bytes it has.",
    "ttl": "How long it may live, in seconds.",
    "backend": "How long the backend took for it.",
    "op": "What the row does: get, set, delete ...",
    "start": "When the request began.",
    "end": "When it was over.",
    "duration": "How long it was served.",
}


class ColumnsChoice:
    """A box for each role with the columns of the file, and a table of its first rows.

    A box that nothing was chosen in is detected, and says what.

    Args:
        roles: The roles that there are.
        changed: Called with the columns that are named, by role, when a user has chosen one.
    """

    def __init__(
        self, roles: tuple[str, ...], changed: Callable[[Mapping[str, str]], None]
    ) -> None:
        self._changed = changed
        self._syncing = False
        self._preview: FilePreview | None = None
        self._named: dict[str, str] = {}
        self.boxes = {role: _box(role) for role in roles}
        self.table = hidden_line("perflab-preview")
        self._row = widgets.HBox(
            list(self.boxes.values()), layout=widgets.Layout(flex_flow="row wrap", display="none")
        )
        self.widget = widgets.VBox([self._row, self.table])
        for role, box in self.boxes.items():
            box.observe(lambda change, role=role: self._choose(role, change["new"]), "value")

    def show(self, preview: FilePreview | None, named: Mapping[str, str]) -> None:
        """Show a file's columns and first rows.

        Args:
            preview: What stands at its beginning; None where there is nothing to show.
            named: The column of each role that the user named, which may be a template.
        """
        self._preview, self._named = preview, dict(named)
        has_columns = preview is not None and bool(preview.columns)
        self._row.layout.display = None if has_columns else "none"
        self._syncing = True
        try:
            for role, box in self.boxes.items():
                self._fill(role, box)
        finally:
            self._syncing = False
        show_line(self.table, "" if preview is None else preview_table(preview))

    def _fill(self, role: str, box: widgets.Dropdown) -> None:
        columns = self._preview.columns if self._preview is not None else ()
        chosen = self._preview.chosen if self._preview is not None else {}
        named = self._named.get(role)
        found = chosen.get(role) if named is None else None
        auto = f"{_cut(found)}, detected" if found else "auto-detect"
        names = dict.fromkeys((*columns, *([named] if named is not None else ())))
        options = ((auto, AUTO), *((_cut(name), name) for name in names))
        if box.options != options:
            box.options = options
        if box.value != (named or AUTO):
            box.value = named or AUTO

    def _choose(self, role: str, column: str) -> None:
        if self._syncing:
            return
        if column == AUTO:
            self._named.pop(role, None)
        else:
            self._named[role] = column
        self._changed(dict(self._named))


def preview_table(preview: FilePreview) -> str:
    """Return the first rows as HTML; a column that plays no role is grey."""
    roles = _roles_by_column(preview.chosen)
    shown = [name for name in preview.columns if name in roles]
    shown += [name for name in preview.columns if name not in roles]
    shown = sorted(shown[:MOST_SHOWN], key=preview.columns.index)
    places = [preview.columns.index(name) for name in shown] or [0]
    longest = _LONGEST_CELL if preview.columns else _LONGEST_LINE
    head = "".join(
        f"<th{_grey(name, roles)}>{html.escape(_cut(name))}"
        f"<br><small>{html.escape(', '.join(roles.get(name, ())))}</small></th>"
        for name in shown
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_grey(preview.columns[place], roles) if preview.columns else ''}>"
            f"{html.escape(foreign_text(row[place], longest))}</td>"
            for place in places
        )
        + "</tr>"
        for row in preview.rows
    )
    more = len(preview.columns) - len(shown) + preview.more_columns
    what = counted(len(preview.rows), "row" if preview.columns else "line")
    said = f"the first {what}, as {preview.kind}"
    said += "; columns in grey are not used" if any(name not in roles for name in shown) else ""
    said += f"; and {counted(more, 'more column')}" if more else ""
    heading = f"<thead><tr>{head}</tr></thead>" if head else ""
    return (
        f"<div class='perflab-line'>{html.escape(said)}</div>"
        "<div class='perflab-scroll' tabindex='0'>"
        f"<table class='perflab-table'>{heading}<tbody>{body}</tbody></table></div>"
    )


def _roles_by_column(chosen: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for role, column in chosen.items():
        joined = role == "key" and is_template(column)
        for name in fields_of(column) if joined else [column]:
            found.setdefault(name, []).append(role)
    return found


def _grey(name: str, roles: Mapping[str, list[str]]) -> str:
    return "" if name in roles else " class='unsure'"


def _cut(name: str) -> str:
    return foreign_text(name, _LONGEST_CELL) or "(unnamed)"


def _box(role: str) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=(("auto-detect", AUTO),),
        description=role,
        tooltip=f"{_MEANINGS[role]} The column of it in this file.",
        layout=widgets.Layout(width="215px"),
    )
