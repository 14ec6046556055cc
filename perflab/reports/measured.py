"""The tables of live runs: what was measured, beside what was predicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import MetricInfo
from perflab.lab.bands import MODEL, Bands
from perflab.lab.history_in_words import FOLLOWED, NOT_FOLLOWED, is_changed, not_compared
from perflab.lab.run import Run
from perflab.lab.which_is_off import known, verdict_on
from perflab.reports.blocks import Cell, Column, Table
from perflab.reports.report_scope import pattern_settings
from perflab.reports.tables import NOT_KNOWN, in_order
from perflab.reports.wording import setting_name, write_setting
from perflab.tuning.recommendation import Recommendation
from perflab.units import counted, grouped


def measured_table(bench: AnyBench, run: Run, name: str, title: str) -> Table | None:
    """Return what a run measured beside both predictions for the same requests."""
    measured = run.since_change or run.metrics
    left_out = {"throughput_per_second"} if run.settings.get("speedup") is not None else set()
    bands, event = Bands.of_run(run), not_compared(bench, run.changes)
    rows = []
    for metric, info in in_order(bench):
        value = measured.get(metric)
        early, own = run.predicted.get(metric), run.fitted.get(metric)
        if value is None or (early is None and own is None) or metric in left_out:
            continue
        rows.append(
            (
                Cell(info.label, metric),
                _with_band(info, run.predicted, bands),
                Cell(info.format(own), own) if own is not None else NOT_KNOWN,
                Cell(info.format(value), value),
                _difference(info, run.predicted, measured, bands, event),
                _from_refitted(info, run, measured, bands, event),
            )
        )
    if not rows:
        return None
    columns = (
        Column("metric", "Metric"),
        Column("predicted", "Predicted before", numeric=True),
        Column("fitted", "Refitted", numeric=True),
        Column("measured", "Measured", numeric=True),
        Column("predicted_difference", "Difference", numeric=True),
        Column("fitted_difference", "From refitted", numeric=True),
    )
    note = _measured_note(run, measured, event, paced=bool(left_out))
    return Table(name, title, columns, tuple(rows), note)


def recommended_table(bench: AnyBench, recommendation: Recommendation) -> Table | None:
    """Return what was measured live at the recommended settings beside their prediction."""
    rows = []
    for metric, info in in_order(bench):
        value, early = recommendation.measured.get(metric), recommendation.metrics.get(metric)
        if value is not None and early is not None:
            error = _with_difference(info, early, value)
            rows.append((Cell(info.label, metric), Cell(info.format(value), value), *error))
    if not rows:
        return None
    asked = recommendation.metrics.get("requests")
    done = recommendation.measured.get("requests")
    note = ""
    if asked and done and asked != done:
        note = (
            f"Measured over {counted(done, 'request')}, predicted over {grouped(round(asked))}: "
            "part of the difference is due to the different number of requests."
        )
    columns = (
        Column("metric", "Metric"),
        Column("measured", "Measured", numeric=True),
        Column("predicted", "Predicted before", numeric=True),
        Column("predicted_difference", "Difference", numeric=True),
    )
    title = "The recommended settings, run live"
    return Table("measured-recommended", title, columns, tuple(rows), note)


def runs_table(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Table:
    """Return a row a run: its settings, how much it did, and the metrics that matter."""
    settings = [pattern_settings(bench, run.settings) for _, run in runs]
    keys = [
        k
        for k in bench.identity.settings_class.model_fields
        if len({repr(s.get(k)) for s in settings}) > 1
    ]
    keys = keys or [bench.tuning.tuned_by(settings[0])]
    measured = [run.since_change or run.metrics for _, run in runs]
    infos = [i for n, i in in_order(bench) if all(m.get(n) is not None for m in measured)][:5]
    rows = []
    for (label, run), values in zip(runs, measured, strict=True):
        shown = [write_setting(bench.info(key), run.settings.get(key)) for key in keys]
        requests = values.get("requests")
        rows.append(
            (
                Cell(label, label),
                *(Cell(t, run.settings.get(k)) for t, k in zip(shown, keys, strict=True)),
                NOT_KNOWN if requests is None else Cell(grouped(round(requests)), requests),
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


def _with_difference(
    info: MetricInfo, predicted: float | None, measured: float
) -> tuple[Cell, Cell]:
    """Return a prediction and how far the measured value is from it."""
    if predicted is None:
        return NOT_KNOWN, NOT_KNOWN
    text = "none" if predicted == measured else info.difference(predicted, measured)
    return Cell(info.format(predicted), predicted), Cell(text, measured - predicted)


def _with_band(info: MetricInfo, predicted: Mapping[str, float], bands: Bands) -> Cell:
    """Return what was predicted with the band around it, where it has one."""
    value = predicted.get(info.name)
    if value is None:
        return NOT_KNOWN
    return Cell(f"{bands.shown(info, predicted)} {bands.text(info, predicted)}".rstrip(), value)


def _difference(
    info: MetricInfo,
    predicted: Mapping[str, float],
    measured: Mapping[str, float],
    bands: Bands,
    event: str,
) -> Cell:
    """Return how far what was measured is from a prediction, marked where beyond its band."""
    early, real = predicted.get(info.name), measured[info.name]
    if early is None:
        return NOT_KNOWN
    if event:
        return Cell("not compared")
    text = "none" if early == real else info.difference(early, real)
    return Cell(text, real - early, "worse" if bands.is_off(info, predicted, measured) else "")


def _from_refitted(
    info: MetricInfo, run: Run, measured: Mapping[str, float], bands: Bands, event: str
) -> Cell:
    """Return how far it is from the refitted prediction, marked where the model is off."""
    found = _difference(info, run.fitted, measured, MODEL, event)
    if event or not known(info, run.predicted):
        return found
    verdict = verdict_on(info, measured, run.predicted, run.fitted, bands=bands)
    return dataclasses.replace(found, tone="worse" if verdict == "model" else "")


def _measured_note(run: Run, measured: Mapping[str, float], event: str, *, paced: bool) -> str:
    requests = measured.get("requests")
    notes = []
    if requests:
        notes.append(f"All columns are over the same {counted(requests, 'request')}.")
    notes.append(
        "Difference = measured − predicted: percentage points for ratios, otherwise per cent of "
        "the prediction. It is marked where it is beyond the band of the prediction, which times "
        "have by how far the rounds of the calibration lie apart; from refitted, where the "
        "refitted prediction is off as well."
    )
    if is_changed(run.changes):
        notes.append(FOLLOWED if run.followed else NOT_FOLLOWED)
    if event:
        notes.append(f"{event[0].upper()}{event[1:]}, which no prediction covers.")
    if paced:
        notes.append("Throughput is left out, since speedup set the pace.")
    return " ".join(notes)
