"""The panel's numbers: from the rows of a run to what the table and the marks show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.lab.run import Run

_SINCE = "_since_change"
_PREDICTED = "predicted_"

Numbers = dict[str, float]


def since_change(rows: Sequence[Mapping[str, Any]]) -> Numbers:
    """Return what was measured since the last change of settings, by metric."""
    row = rows[-1] if rows else {}
    return {key.removesuffix(_SINCE): row[key] for key in row if key.endswith(_SINCE)}


def predicted(rows: Sequence[Mapping[str, Any]]) -> Numbers:
    """Return what was predicted for the requests since the last change, by metric."""
    row = rows[-1] if rows else {}
    return {key.removeprefix(_PREDICTED): row[key] for key in row if key.startswith(_PREDICTED)}


def whole_run(
    rows: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], result: Run | None
) -> Numbers:
    """Return what was measured over the whole run, as far as that is known by now."""
    if result is not None:
        return dict(result.metrics)
    return {} if changes else since_change(rows)
