"""The table of numbers: predicted beside measured, whole run and baseline."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.bands import MODEL, Bands
from perflab.panels.explained import COLUMNS, titled
from perflab.panels.glossary import meaning, meaning_of

Values = Mapping[str, float]


class NumbersTable:
    """A row a metric, as one piece of HTML that is sent only when it changes.

    Args:
        names: The metrics, in order.
        columns: Those of `COLUMNS` that it has.
        style: A class of its own.

    Attributes:
        names: Those that the next numbers are shown of.
    """

    def __init__(
        self,
        names: Sequence[str],
        columns: Sequence[str] = COLUMNS,
        style: str = "perflab-all-numbers",
    ) -> None:
        self.widget = widgets.HTML()
        self.names = tuple(names)
        self._columns, self._style = tuple(columns), style
        self.show()

    def show(
        self,
        what_if: Values | None = None,
        predicted: Values | None = None,
        measured: Values | None = None,
        refitted: Values | None = None,
        whole_run: Values | None = None,
        baseline: Values | None = None,
        bands: Bands = MODEL,
        event: str = "",
        beside: Values | None = None,
    ) -> None:
        """Show other numbers; what is not known is a dash. Without a baseline it has no column.

        Args:
            what_if: Predicted over the whole workload.
            predicted: Predicted before, for what was measured.
            measured: Since the last change.
            refitted: Predicted from the run's own times.
            whole_run: Measured from the start on.
            baseline: Predicted at the baseline.
            bands: How far what was predicted before may be off.
            event: Why nothing is compared; empty where it is.
            beside: Measured for the very requests that were predicted, which the difference is of;
                none where that is `measured`.
        """
        absent = () if baseline is not None else ("baseline",)
        columns = [name for name in self._columns if name not in absent]
        heads = "".join(f"<th scope='col'{titled(meaning(name))}>{name}</th>" for name in columns)
        rows = []
        for info in map(metric, self.names):
            cells = {
                "what-if": _text(info, _value(what_if, info)),
                "predicted before": _with_band(info, predicted, bands),
                "refitted": _text(info, _value(refitted, info)),
                "measured": _text(info, _value(measured, info)),
                "difference": difference(info, predicted, beside or measured, bands, event),
                "whole run": _text(info, _value(whole_run, info)),
                "baseline": _text(info, _value(baseline, info)),
            }
            name = f"<th scope='row'{titled(meaning_of(info))}>{html.escape(info.label)}</th>"
            shown = "".join(f"<td>{cells[column]}</td>" for column in columns)
            rows.append(f"<tr>{name}{shown}</tr>")
        table = (
            f"<div class='perflab-scroll'><table class='perflab-table {self._style}'>"
            f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        )
        if table != self.widget.value:
            self.widget.value = table


def difference(
    info: MetricInfo,
    predicted: Values | None,
    measured: Values | None,
    bands: Bands = MODEL,
    event: str = "",
) -> str:
    """Return measured less predicted: ratios in points, the rest as a share of the prediction.

    Where an event parted the two, it says why they are not compared.
    """
    model, real = _value(predicted, info), _value(measured, info)
    if predicted is None or measured is None or model is None or real is None:
        return "&ndash;"
    if event:
        return f"<span class='unsure' title='{html.escape(event)}'>not compared</span>"
    text = html.escape(info.difference(model, real))
    if bands.half_width(info, predicted) is None:
        return f"<span class='unsure' title='not measured on this machine before'>{text}</span>"
    off = bands.is_off(info, predicted, measured)
    return f"<span class='{'off' if off else 'on'}'>{text}</span>"


def _with_band(info: MetricInfo, predicted: Values | None, bands: Bands) -> str:
    value = _value(predicted, info)
    if predicted is None or value is None:
        return "&ndash;"
    band = bands.text(info, predicted)
    told = f" <small>{html.escape(band)}</small>" if band else ""
    return f"{html.escape(bands.shown(info, predicted))}{told}"


def _value(values: Values | None, info: MetricInfo) -> float | None:
    value = None if values is None else values.get(info.name)
    return None if value is None or not math.isfinite(value) else value


def _text(info: MetricInfo, value: float | None) -> str:
    return "&ndash;" if value is None else html.escape(info.format(value))
