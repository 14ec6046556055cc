"""The tables of a report, each made from what results hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.benches import Bench
from perflab.lab.run import Run
from perflab.metrics.catalog import METRICS, MetricInfo
from perflab.reports.blocks import Cell, Column, Table, Tone, fact_table
from perflab.reports.subject import AnyResult, Subject, pattern_settings
from perflab.reports.verdict import changed_keys
from perflab.reports.wording import (
    listed,
    setting_name,
    signed,
    spaced,
    write_fact,
    write_facts,
    write_setting,
)
from perflab.settings import LoadSettings, format_quantity
from perflab.tuning.comparison import judge
from perflab.tuning.recommendation import Recommendation

NOT_KNOWN = Cell("n/a")


def settings_table(bench: Bench, subject: Subject, *, load: bool) -> Table:
    """Return the settings before and after, of the pattern or of the load, with their meaning."""
    infos = LoadSettings.infos() if load else bench.settings_class.infos()
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
        changed = before is not None and before.get(key) != after.get(key)
        cells = [Cell(setting_name(info), key)]
        if before is not None:
            cells.append(Cell(write_setting(info, before.get(key)), before.get(key)))
        tone: Tone = "changed" if changed else ""
        cells.append(Cell(write_setting(info, after.get(key)), after.get(key), tone))
        rows.append((*cells, Cell(info.meaning, info.meaning)))
    title = "The load" if load else f"{bench.title}"
    name = "settings-load" if load else "settings"
    return Table(name, title, (*columns, Column("meaning", "Meaning")), tuple(rows), folded=load)


def effect_table(subject: Subject) -> Table | None:
    """Return every metric before and after, with the difference and whether it is better."""
    if subject.before is None:
        return None
    old, new = subject.before.metrics, subject.after.metrics
    rows = []
    for name, info in METRICS.items():
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
                Cell("" if judged == "same" else signed(info, a, b), b - a),
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


def measured_table(bench: Bench, run: Run, name: str, title: str) -> Table | None:
    """Return what a run measured beside both predictions for the same requests."""
    measured = run.since_change or run.metrics
    left_out = {"throughput_per_second"} if run.settings.get("speedup") is not None else set()
    rows = []
    for metric, info in _in_order(bench):
        value = measured.get(metric)
        early, own = run.predicted.get(metric), run.fitted.get(metric)
        if value is None or (early is None and own is None) or metric in left_out:
            continue
        rows.append(
            (
                Cell(info.label, metric),
                Cell(info.format(value), value),
                *_with_error(info, early, value),
                *_with_error(info, own, value),
            )
        )
    if not rows:
        return None
    columns = (
        Column("metric", "Metric"),
        Column("measured", "Measured", numeric=True),
        Column("predicted", "Predicted before", numeric=True),
        Column("predicted_error", "Error", numeric=True),
        Column("fitted", "Predicted from the run's own", numeric=True),
        Column("fitted_error", "Error", numeric=True),
    )
    return Table(name, title, columns, tuple(rows), _measured_note(run, measured, bool(left_out)))


def recommended_table(bench: Bench, recommendation: Recommendation) -> Table | None:
    """Return what was measured live at the recommended settings beside their prediction."""
    rows = []
    for metric, info in _in_order(bench):
        value, early = recommendation.measured.get(metric), recommendation.metrics.get(metric)
        if value is not None and early is not None:
            error = _with_error(info, early, value)
            rows.append((Cell(info.label, metric), Cell(info.format(value), value), *error))
    if not rows:
        return None
    asked = recommendation.metrics.get("requests")
    done = recommendation.measured.get("requests")
    note = ""
    if asked and done and asked != done:
        note = (
            f"Measured over {done:,.0f} requests, predicted over {asked:,.0f}: "
            "a part of the difference is the requests'."
        )
    columns = (
        Column("metric", "Metric"),
        Column("measured", "Measured", numeric=True),
        Column("predicted", "Predicted before", numeric=True),
        Column("predicted_error", "Error", numeric=True),
    )
    title = "The recommended settings, run live"
    return Table("measured-recommended", title, columns, tuple(rows), note)


def alternatives_table(bench: Bench, recommendation: Recommendation) -> Table | None:
    """Return the other points worth a look, with what they change and bring."""
    if not recommendation.alternatives:
        return None
    names = [n for n, _ in _in_order(bench) if n in recommendation.metrics][:2]
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


def alerts_table(runs: Sequence[tuple[str, Run]]) -> Table | None:
    """Return the alerts that were set, and when they fired."""
    rows = []
    for label, run in runs:
        for alert in run.alerts:
            fired = bool(alert.get("fired"))
            seconds, value = alert.get("seconds"), alert.get("value")
            info = METRICS.get(str(alert.get("metric", "")))
            shown = info.format(value) if info is not None and value is not None else ""
            when = f"at {seconds:.1f} s" if fired and seconds is not None else ""
            rows.append(
                (
                    Cell(str(alert.get("alert", "")), alert.get("alert")),
                    Cell(label, label),
                    Cell("fired" if fired else "not fired", fired, "worse" if fired else ""),
                    Cell(when, seconds),
                    Cell(shown, value),
                )
            )
    if not rows:
        return None
    columns = (
        Column("alert", "Alert"),
        Column("run", "Run"),
        Column("fired", "Fired?"),
        Column("seconds", "When", numeric=True),
        Column("value", "Value then", numeric=True),
    )
    return Table("alerts", "Alerts", columns, tuple(rows))


def runs_table(bench: Bench, runs: Sequence[tuple[str, Run]]) -> Table:
    """Return a row a run: its settings, how much it did, and the metrics that matter."""
    settings = [pattern_settings(bench, run.settings) for _, run in runs]
    keys = [
        k for k in bench.settings_class.model_fields if len({repr(s.get(k)) for s in settings}) > 1
    ]
    keys = keys or [bench.tuned]
    measured = [run.since_change or run.metrics for _, run in runs]
    infos = [i for n, i in _in_order(bench) if all(m.get(n) is not None for m in measured)][:5]
    rows = []
    for (label, run), values in zip(runs, measured, strict=True):
        shown = [write_setting(bench.info(key), run.settings.get(key)) for key in keys]
        requests = values.get("requests")
        rows.append(
            (
                Cell(label, label),
                *(Cell(t, run.settings.get(k)) for t, k in zip(shown, keys, strict=True)),
                NOT_KNOWN if requests is None else Cell(f"{requests:,.0f}", requests),
                *(Cell(info.format(values[info.name]), values[info.name]) for info in infos),
                Cell(run.ended or "n/a", run.ended),
            )
        )
    columns = (
        Column("run", "Run"),
        *(Column(key, setting_name(bench.info(key)).capitalize(), numeric=True) for key in keys),
        Column("requests", "Requests", numeric=True),
        *(Column(info.name, info.label.capitalize(), numeric=True) for info in infos),
        Column("ended", "Ended"),
    )
    return Table("runs", "Runs", columns, tuple(rows))


def workload_table(workload: Mapping[str, Any], name: str) -> Table:
    """Return a workload's name, fingerprint and summary."""
    summary = dict(workload.get("summary") or {})
    facts: dict[str, tuple[str, Any]] = {
        "name": (str(workload.get("name", "n/a")), workload.get("name")),
        "fingerprint": (str(workload.get("fingerprint", "n/a")), workload.get("fingerprint")),
        **write_facts(summary, ("name", "fingerprint")),
    }
    keys, once = summary.get("distinct_keys"), summary.get("one_hit_wonders")
    if keys and once is not None:
        facts["one hit wonders"] = (f"{once:,} ({once / keys:.1%} of the keys)", once)
    if summary.get("skew") is not None:
        facts["skew"] = (f"{summary['skew']:g} (the exponent of Zipf's law)", summary["skew"])
    return fact_table(name, str(workload.get("name", "Workload")), facts)


def calibration_table(calibration: Mapping[str, Any], name: str) -> Table:
    """Return where a model's costs come from, and the costs."""
    head = {key: calibration.get(key) for key in ("source", "backend", "date")}
    costs = write_facts(calibration.get("costs") or {})
    return fact_table(name, "Calibration", {**write_facts(head), **costs})


def environment_table(environment: Mapping[str, Any], name: str) -> Table:
    """Return machine, versions and date."""
    facts = write_facts(environment, ("versions",))
    versions = environment.get("versions") or {}
    text = ", ".join(f"{package} {version}" for package, version in versions.items())
    if text:
        facts["versions"] = (text, text)
    if "date" in environment:
        facts["date"] = (write_fact("date", environment["date"]), environment["date"])
    return fact_table(name, "Environment", facts)


def changes_table(run: Run, name: str, title: str) -> Table | None:
    """Return the settings that were changed while a run was going."""
    if not run.changes:
        return None
    rows = []
    last: Mapping[str, Any] = {}
    for change in run.changes:
        new = change.get("settings") or {}
        text = ", ".join(f"{k} {v}" for k, v in new.items() if not last or last.get(k) != v)
        seconds, request = change.get("seconds"), change.get("request")
        rows.append(
            (
                Cell(spaced(format_quantity(seconds, "seconds")), seconds),
                Cell(f"{request:,}" if request is not None else "n/a", request),
                Cell(text, text),
            )
        )
        last = new
    columns = (
        Column("seconds", "At", numeric=True),
        Column("request", "Request", numeric=True),
        Column("settings", "Settings from then"),
    )
    return Table(name, title, columns, tuple(rows), folded=True)


def one_of_each(results: Sequence[AnyResult], field: str, key: str) -> list[Mapping[str, Any]]:
    """Return what results hold in a field, without those that are equal by a key."""
    found: dict[str, Mapping[str, Any]] = {}
    for result in results:
        value: Mapping[str, Any] = getattr(result, field)
        if value:
            found.setdefault(repr(value.get(key)), value)
    return list(found.values())


def _in_order(bench: Bench) -> list[tuple[str, MetricInfo]]:
    names = dict.fromkeys((*bench.headline, "byte_hit_rate"))
    return [(name, METRICS[name]) for name in names if name in METRICS]


def _with_error(info: MetricInfo, predicted: float | None, measured: float) -> tuple[Cell, Cell]:
    """Return a prediction and its error: what it said too much."""
    if predicted is None:
        return NOT_KNOWN, NOT_KNOWN
    text = "none" if predicted == measured else signed(info, measured, predicted)
    return Cell(info.format(predicted), predicted), Cell(text, predicted - measured)


def _measured_note(run: Run, measured: Mapping[str, float], paced: bool) -> str:
    requests = measured.get("requests")
    notes = []
    if requests:
        notes.append(f"All columns are over the same {requests:,.0f} requests.")
    notes.append("The error is what a prediction says too much: points of a ratio, else per cent.")
    if run.changes:
        notes.append(
            "Settings were changed while the run was going. The predictions are for these settings"
            " from the start, so what the change itself cost counts as error."
        )
    if paced:
        notes.append("Throughput is left out, since speedup set the pace.")
    return " ".join(notes)
