"""What was tried as a table: a row each, with the settings that differ among them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from perflab.instrumentation.catalog import metric
from perflab.panels.history.names import Names
from perflab.panels.history.tried import Tried

_KINDS = ("predicted", "refitted", "measured")


def frame_of(entries: Sequence[Tried]) -> pd.DataFrame:
    """Return a row each: time, every setting, and each metric as predicted, refitted, measured."""
    return pd.DataFrame(
        [
            {
                "when": entry["when"],
                **entry["settings"],
                **{
                    f"{name}_{kind}": value
                    for kind in _KINDS
                    for name, value in entry[kind].items()  # type: ignore[literal-required]
                },
            }
            for entry in entries
        ]
    )


def differing(entries: Sequence[Tried]) -> list[str]:
    """Return the settings that are not the same in all."""
    if not entries:
        return []
    keys = dict.fromkeys(key for entry in entries for key in entry["settings"])
    first = entries[0]["settings"]
    return [
        key
        for key in keys
        if any(entry["settings"].get(key) != first.get(key) for entry in entries)
    ]


def words_of(names: Names, entry: Tried, keys: Sequence[str]) -> str:
    """Return an entry in a line: the settings of some keys."""
    known = [key for key in keys if key in entry["settings"]]
    return ", ".join(
        f"{names.info(key).name} {names.info(key).title(entry['settings'][key])}" for key in known
    )


def clock_time(entry: Tried) -> str:
    """Return when it was tried, in the local time; empty where that is not known."""
    try:
        return datetime.fromisoformat(entry["when"]).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""


def comparison(names: Names, entries: Sequence[Tried]) -> str:
    """Return as HTML some entries side by side: settings that differ, then metrics."""
    heads = "".join(f"<th scope='col'>{html.escape(clock_time(entry))}</th>" for entry in entries)
    rows = [
        _row(
            names.info(key).label, [names.info(key).title(e["settings"].get(key)) for e in entries]
        )
        for key in differing(entries)
    ]
    for name in names.headline:
        for kind in _KINDS:
            values = [entry[kind].get(name) for entry in entries]  # type: ignore[literal-required]
            if any(value is not None for value in values):
                info = metric(name)
                rows.append(_row(f"{info.label}, {kind}", [info.format(each) for each in values]))
    return (
        "<div class='perflab-scroll'>"
        "<table class='perflab-table' aria-label='Tried settings, compared'>"
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(head: str, cells: Sequence[str]) -> str:
    tds = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<tr><th scope='row'>{html.escape(head)}</th>{tds}</tr>"
