"""The report of a panel: what goes into it, and the link to it."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from perflab.benches import Bench, Model
from perflab.lab.result import Result
from perflab.tuning.sweep import sweep_trace
from perflab.workloads import Trace


def write_report(
    bench: Bench,
    trace: Trace,
    points: Sequence[Mapping[str, Any]],
    results: Sequence[Result | None],
    folder: str,
    model: Model | None = None,
) -> Path:
    """Write a panel's report into a folder and return the path of its HTML.

    Args:
        bench: The pattern.
        trace: The workload.
        points: The settings to predict: the present ones, then the baseline's if there is one.
        results: The run and the recommendation, where there are any.
        folder: Where; it is made if it is not there.
        model: A model of this workload that has computed something already.

    Raises:
        BadInputError: If it cannot be written.
    """
    from perflab.reports import report

    made = [sweep_trace(bench, trace, values, model=model) for values in points]
    every = tuple(point for one in made for point in one.points)
    predictions = dataclasses.replace(made[0], points=every)
    place = Path(folder).expanduser()
    path = report([*(one for one in results if one is not None), predictions], place)
    return path / "report.html" if path.is_dir() else path


class ReportLink:
    """A line that says where the report is and opens it."""

    def __init__(self) -> None:
        self.widget = widgets.HTML(layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-line")

    def working(self) -> None:
        """Say that it is being written."""
        self._put("writing the report")

    def show(self, path: Path) -> None:
        """Say where it is."""
        self._put(f"Report written: <b>{html.escape(str(path))}</b>")

    def hide(self) -> None:
        """Say nothing."""
        self._put("")

    def _put(self, text: str) -> None:
        self.widget.value = text
        self.widget.layout.display = None if text else "none"
