"""The tables of settings, before and after, and of what they change."""

from __future__ import annotations

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import METRICS, MetricInfo
from perflab.reports.blocks import Cell, Column, Table, Tone
from perflab.reports.subject import Subject
from perflab.reports.verdict import changed_keys
from perflab.reports.wording import listed, setting_name, write_setting
from perflab.settings import LoadSettings
from perflab.settings.load import PRICES
from perflab.tuning.comparison import judge
from perflab.tuning.recommendation import Recommendation

NOT_KNOWN = Cell("n/a")


def settings_table(bench: AnyBench, subject: Subject, *, load: bool) -> Table:
    """Return the settings before and after, of the pattern or of the load, with their meaning."""
    infos = LoadSettings.infos() if load else bench.identity.settings_class.infos()
    after = subject.after.settings
    before = subject.before.settings if subject.before is not None else None
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
        if key in PRICES and not bench.tuning.priced:
            continue
        changed = before is not None and before.get(key) != after.get(key)
        cells = [Cell(setting_name(info), key)]
        if before is not None:
            cells.append(Cell(write_setting(info, before.get(key)), before.get(key)))
        tone: Tone = "changed" if changed else ""
        cells.append(Cell(write_setting(info, after.get(key)), after.get(key), tone))
        rows.append((*cells, Cell(info.meaning, info.meaning)))
    title = "The load" if load else f"{bench.identity.title}"
    name = "settings-load" if load else "settings"
    return Table(name, title, (*columns, Column("meaning", "Meaning")), tuple(rows), folded=load)


def effect_table(bench: AnyBench, subject: Subject) -> Table | None:
    """Return every metric before and after, with the difference and whether it is better."""
    if subject.before is None:
        return None
    old, new = subject.before.metrics, subject.after.metrics
    rows = []
    for name, info in bench.known_metrics().items():
        a, b = old.get(name), new.get(name)
        if a is None or b is None or (a == 0 and b == 0):
            continue
        judged = judge(info, a, b)
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
    return Table("effect", f"All metrics, {subject.basis}", columns, tuple(rows))


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


def in_order(bench: AnyBench) -> list[tuple[str, MetricInfo]]:
    """Return the metrics that a reader of this bench looks at, the first ones first."""
    return [(name, METRICS[name]) for name in bench.display.headline]
