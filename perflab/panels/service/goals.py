"""`Goals`: what a budget must keep, and what it is to make best; typed among the controls."""

from __future__ import annotations

import ipywidgets as widgets

from perflab.instrumentation.catalog import metric
from perflab.panels.limits_field import LimitsField

_METRICS = (
    *("latency_seconds_p99", "memory_bytes", "most_connections"),
    *("database_per_second", "latency_seconds_mean", "latency_seconds_p95", "errors"),
)
_OBJECTIVES = (
    *("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99"),
    *("database_per_second", "hit_rate"),
)
_MAX = ("hit_rate",)
_HELP = "What the split of a budget is to make best."


class Goals:
    """The limits, and the objective.

    Attributes:
        limits: The field of the limits.
        choice: The objective.
    """

    def __init__(self) -> None:
        self.limits = LimitsField(_METRICS, "memory_bytes<=8MiB, most_connections<=40")
        options = [(metric(name).plain, _objective(name)) for name in _OBJECTIVES]
        self.choice = widgets.Dropdown(
            options=options, tooltip=_HELP, layout=widgets.Layout(width="auto")
        )
        self.choice.description = ""
        self.widget = widgets.VBox([self.limits.widget, self.choice])

    @property
    def objective(self) -> str:
        """Such as ``min:latency_seconds_mean``."""
        return str(self.choice.value)

    def choose(self, objective: str) -> None:
        """Have another objective, if it is one of these."""
        if objective in [value for _, value in self.choice.options]:
            self.choice.value = objective

    def reset(self) -> None:
        """Have no limits, and the usual objective."""
        self.limits.clear()
        self.choice.value = self.choice.options[0][1]


def _objective(name: str) -> str:
    return f"{'max' if name in _MAX else 'min'}:{name}"
