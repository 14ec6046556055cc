"""The tables of settings, before and after, of what they change, and of what else changes."""

from __future__ import annotations

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import METRICS, MetricInfo
from perflab.reports.blocks import Cell, Column, Table, Tone
from perflab.reports.report_scope import ReportScope
from perflab.reports.verdict import changed_keys
from perflab.reports.wording import listed, setting_name, write_setting
from perflab.tuning.recommendation import Recommendation

NOT_KNOWN = Cell("n/a")


def settings_table(bench: AnyBench, scope: ReportScope, *, load: bool) -> Table:
    """Return the settings before and after, of the pattern or of the load, with their meaning."""
    infos = bench.load_infos() if load else bench.identity.settings_class.infos()
    after = scope.after.settings
    before = scope.before.settings if scope.before is not None else None
    columns = [Column("setting", "Setting")]
    if before is None:
        columns.append(Column("value", "Value", numeric=True))
    else:
        columns += [
            Column("before", "Before", numeric=True),
            Column("after", "After", numeric=True),
        ]
    rows = []
    for key, info in infos.items():
        changed = before is not None and before.get(key) != after.get(key)
        cells = [Cell(setting_name(info), key)]
        if before is not None:
            cells.append(Cell(write_setting(info, before.get(key)), before.get(key)))
        tone: Tone = "changed" if changed else ""
        cells.append(Cell(write_setting(info, after.get(key)), after.get(key), tone))
        rows.append((*cells, Cell(info.meaning, info.meaning)))
    title = "The load" if load else f"{bench.identity.title}"
    name = "settings-load" if load else "settings"
    columns.append(Column("meaning", "Meaning"))
    return Table(name, title, tuple(columns), tuple(rows), folded=load, screen_only=load)


def effect_table(bench: AnyBench, scope: ReportScope) -> Table | None:
    """Return every metric before and after, with the difference and whether it is better."""
    if scope.before is None:
        return None
    old, new = scope.before.metrics, scope.after.metrics
    rows = []
    for name, info in bench.known_metrics().items():
        a, b = old.get(name), new.get(name)
        if a is None or b is None or (a == 0 and b == 0):
            continue
        judged = scope.judge(info, a, b)
        tone: Tone = "better" if judged == "better" else "worse" if judged == "worse" else ""
        word = "" if judged == "different" else judged
        rows.append(
            (
                Cell(info.label, name),
                Cell(info.format(a), a),
                Cell(info.format(b), b),
                Cell("" if judged == "same" else info.difference(a, b), b - a),
                Cell(word, judged, tone),
            )
        )
    columns = (
        Column("metric", "Metric"),
        Column("before", "Before", numeric=True),
        Column("after", "After", numeric=True),
        Column("difference", "Difference", numeric=True),
        Column("judgement", "Is it better?"),
    )
    return Table("effect", f"All metrics, {scope.basis}", columns, tuple(rows))


def alternatives_table(bench: AnyBench, recommendation: Recommendation) -> Table | None:
    """Return the other points worth a look, with what they change and bring."""
    if not recommendation.alternatives:
        return None
    names = [n for n, _ in in_order(bench) if n in recommendation.metrics][:2]
    names += ["memory_bytes"] if "memory_bytes" in recommendation.metrics else []
    infos = [METRICS[name] for name in dict.fromkeys(names)]
    rows = []
    for other in recommendation.alternatives:
        settings = other["settings"]
        keys = changed_keys(bench, recommendation.settings, settings)
        text = listed(
            f"{setting_name(bench.info(k))} {write_setting(bench.info(k), settings.get(k))}"
            for k in keys
        )
        found = [
            NOT_KNOWN
            if (value := other["metrics"].get(info.name)) is None
            else Cell(info.format(value), value)
            for info in infos
        ]
        reason = other.get("reason", "")
        rows.append(
            (
                Cell(other.get("name", ""), other.get("name", "")),
                Cell(text or "as recommended", text),
                *found,
                Cell(reason, reason),
            )
        )
    columns = (
        Column("name", "Point"),
        Column("settings", "Settings"),
        *(Column(info.name, info.label.capitalize(), numeric=True) for info in infos),
        Column("reason", "Why"),
    )
    return Table("alternatives", "Other points worth a look", columns, tuple(rows))


def sensitivity_table(bench: AnyBench, recommendation: Recommendation) -> Table | None:
    """Return what becomes of the objective at the settings to ship when something changes."""
    if not recommendation.sensitivity:
        return None
    info = bench.known_metrics().get(recommendation.objective.partition(":")[2])
    rows = []
    for other in recommendation.sensitivity:
        value = None if info is None else other["metrics"].get(info.name)
        cell = NOT_KNOWN if info is None or value is None else Cell(info.format(value), value)
        rows.append(
            (Cell(other["name"], other["name"]), cell, Cell(other["reason"], other["reason"]))
        )
    label = "Objective" if info is None else info.label.capitalize()
    columns = (
        Column("change", "Change"),
        Column("objective" if info is None else info.name, label, numeric=True),
        Column("reason", "Is it still good enough?"),
    )
    return Table("sensitivity", "If load or service times change", columns, tuple(rows))


def in_order(bench: AnyBench) -> list[tuple[str, MetricInfo]]:
    """Return the metrics that a reader of this bench looks at, the first ones first."""
    return [(name, METRICS[name]) for name in bench.display.headline]
