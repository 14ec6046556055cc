"""`LimitsField`: what a recommendation must keep, typed among the controls."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ipywidgets as widgets

from perflab.instrumentation.catalog import METRICS

_BETWEEN = re.compile(r"[,;]\s*(?=[A-Za-z_])|\s+and\s+")
_EXAMPLES = {"bytes": "512MiB", "seconds": "5ms", "currency": "2"}


class LimitsField:
    """One text with all limits, as the command line takes each by ``--limit``.

    Args:
        known: The metrics that are named as examples.
        example: What a user may write; made of the first metric that should be low where not given.
    """

    def __init__(self, known: Sequence[str], example: str = "") -> None:
        names = [name for name in known if name in METRICS]
        lower = [METRICS[name] for name in names if METRICS[name].better == "lower"]
        example = example or next(
            (
                f"{info.name}<={_EXAMPLES[unit]}"
                for unit in _EXAMPLES
                for info in lower
                if info.unit == unit
            ),
            "latency_seconds_p95<=5ms",
        )
        self.text = widgets.Text(
            placeholder=f"limits: {example}",
            tooltip="What a recommendation must keep, such as "
            f"{example}; several with commas between them. Metrics: {', '.join(names)}.",
            continuous_update=False,
            layout=widgets.Layout(width="auto"),
        )
        self.widget = self.text

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits as they were typed."""
        parts = (part.strip() for part in _BETWEEN.split(self.text.value))
        return tuple(part for part in parts if part)

    def clear(self) -> None:
        """Have no limits."""
        self.text.value = ""
