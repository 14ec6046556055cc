"""What a report's first screen says besides its answer: when, by whom, of what, on which server."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench
from perflab.reports.blocks import Cell, Column, Table
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.thresholds import Threshold, thresholds_table
from perflab.reports.verdict import changed_keys
from perflab.reports.wording import setting_name, write_fact, write_setting
from perflab.units import counted

_MOST_SERVERS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Overview:
    """The facts of the first screen.

    Attributes:
        facts: What and its value, in words.
        tables: The settings that differ, before and after, and the thresholds, as far as there
            are such.
    """

    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def overview_of(
    bench: AnyBench,
    scope: ReportScope,
    results: Sequence[AnyResult],
    author: str,
    thresholds: Sequence[Threshold],
) -> Overview:
    """Return date, author, workload, server and machine of results, and what their settings change.

    Args:
        bench: The pattern.
        scope: Which settings the report is about.
        results: All of that pattern.
        author: Who made it; empty where nobody said so.
        thresholds: What was to be kept.
    """
    facts = {
        "Date": _date(results),
        "Author": author,
        "Workload": _workload(results),
        "Server": _servers(results),
        "Machine": _machine(results),
    }
    known = tuple((what, value) for what, value in facts.items() if value)
    tables = (_changes(bench, scope), thresholds_table(thresholds))
    return Overview(known, tuple(table for table in tables if table is not None))


def _date(results: Sequence[AnyResult]) -> str:
    """Return when the newest result was made."""
    dates = [str(result.environment.get("date") or "") for result in results]
    newest = max(dates, default="")
    return str(write_fact("date", newest)).removesuffix(" UTC")[:16] + " UTC" if newest else ""


def _workload(results: Sequence[AnyResult]) -> str:
    """Return its name and size; of several, how many more there are."""
    named: dict[str, AnyResult] = {}
    for result in results:
        named.setdefault(str(result.workload.get("fingerprint")), result)
    last = results[-1].workload
    name = str(last.get("name") or "")
    requests = (last.get("summary") or {}).get("requests")
    words = f"{name}, {counted(requests, 'request')}" if requests else name
    return f"{words}, and {len(named) - 1} more" if len(named) > 1 else words


def _servers(results: Sequence[AnyResult]) -> str:
    """Return the servers behind the runs; that there is none is said where something ran."""
    found: dict[str, None] = {}
    for result in results:
        servers = result.environment.get("servers")
        if isinstance(servers, Mapping):
            for name, said in servers.items():
                text = str(said) if str(said).startswith(str(name)) else f"{name}: {said}"
                found[text] = None
    shown = list(found)[:_MOST_SERVERS]
    more = len(found) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _machine(results: Sequence[AnyResult]) -> str:
    about = results[-1].environment
    parts = [str(about.get("processor") or ""), str(about.get("system") or "")]
    cores = about.get("cores")
    if isinstance(cores, int):
        parts.insert(1, counted(cores, "core"))
    return ", ".join(filter(None, parts))


def _changes(bench: AnyBench, scope: ReportScope) -> Table | None:
    if scope.before is None:
        return None
    old, new = scope.before.settings, scope.after.settings
    keys = [
        *changed_keys(bench, old, new),
        *(key for key in bench.load_infos() if old.get(key) != new.get(key)),
    ]
    rows = []
    for key in keys:
        info = bench.info(key)
        rows.append(
            (
                Cell(setting_name(info), key),
                Cell(write_setting(info, old.get(key)), old.get(key), "removed"),
                Cell(write_setting(info, new.get(key)), new.get(key), "added"),
            )
        )
    columns = (Column("setting", "Setting"), Column("before", "Before"), Column("after", "After"))
    return Table("changes", "Settings changed", columns, tuple(rows)) if rows else None
