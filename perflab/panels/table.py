"""The table of numbers: predicted beside measured, whole run and baseline."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.which_is_off import is_off

Values = Mapping[str, float]


class NumbersTable:
    """A row a metric, as one piece of HTML that is sent only when it changes.

    Args:
        names: The metrics, in order.

    Attributes:
        names: Those that the next numbers are shown of.
    """

    HEADS = (
        ("", ""),
        ("what-if", "Predicted at the present settings, over the whole workload."),
        ("predicted", "Predicted for the requests that were measured since the last change."),
        ("measured", "Measured since the last change of settings."),
        (
            "difference",
            "Measured − predicted, over the same requests: points or per cent of the prediction.",
        ),
        ("refitted", "Predicted from what the run itself has measured, for the same requests."),
        ("whole run", "Measured over the whole run."),
        ("baseline", "Predicted at the baseline that was pinned."),
    )

    def __init__(self, names: Sequence[str]) -> None:
        self.widget = widgets.HTML()
        self.names = tuple(names)
        self.show()

    def show(
        self,
        what_if: Values | None = None,
        predicted: Values | None = None,
        measured: Values | None = None,
        refitted: Values | None = None,
        whole_run: Values | None = None,
        baseline: Values | None = None,
    ) -> None:
        """Show other numbers; what is not known is a dash. Without a baseline it has no column."""
        shown_heads = self.HEADS if baseline is not None else self.HEADS[:-1]
        heads = "".join(f"<th title='{title}'>{head}</th>" for head, title in shown_heads)
        rows = []
        for info in map(metric, self.names):
            model, real = _value(predicted, info), _value(measured, info)
            cells = [
                _text(info, _value(what_if, info)),
                _text(info, model),
                _text(info, real),
                difference(info, model, real),
                _text(info, _value(refitted, info)),
                _text(info, _value(whole_run, info)),
                *([] if baseline is None else [_text(info, _value(baseline, info))]),
            ]
            name = html.escape(info.label)
            rows.append(f"<tr><td>{name}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        shown = (
            f"<div class='perflab-scroll'><table class='perflab-table'>"
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        )
        if shown != self.widget.value:
            self.widget.value = shown


def difference(info: MetricInfo, predicted: float | None, measured: float | None) -> str:
    """Return measured less predicted: ratios in points, the rest as a share of the prediction."""
    if predicted is None or measured is None:
        return "&ndash;"
    text = html.escape(info.difference(predicted, measured))
    off = is_off(info, {info.name: predicted}, {info.name: measured})
    return f"<span class='{'off' if off else 'on'}'>{text}</span>"


def _value(values: Values | None, info: MetricInfo) -> float | None:
    value = None if values is None else values.get(info.name)
    return None if value is None or not math.isfinite(value) else value


def _text(info: MetricInfo, value: float | None) -> str:
    return "&ndash;" if value is None else html.escape(info.format(value))
