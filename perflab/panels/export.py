"""The report of a panel: what goes into it, and the link to it."""

from __future__ import annotations

import dataclasses
import html
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import ipywidgets as widgets

from perflab.bench import AnyBench, AnyModel
from perflab.errors import shown
from perflab.files import file_stem
from perflab.lab.result import Result
from perflab.modelling.history import History
from perflab.panels.guests.download import Download
from perflab.reports import Report
from perflab.reports.privacy import file_name
from perflab.settings import Settings
from perflab.tuning.grid import Grid
from perflab.tuning.points import Point
from perflab.tuning.sweep import sweep_workload
from perflab.workloads import Workload

_MAP_SECONDS = 10.0
"""A map that is not yet whole is computed on for so long; a report has what is known then."""


def make_report(
    bench: AnyBench,
    workload: Workload,
    values: Mapping[str, object],
    baseline: Settings | None,
    results: Sequence[Result | None],
    model: AnyModel | None = None,
    grids: Sequence[Grid] = (),
    histories: Sequence[History] = (),
) -> Report:
    """Return a panel's report.

    Args:
        bench: The pattern.
        workload: What it is of.
        values: The present settings of the pattern and of the load.
        baseline: The pattern's settings that were pinned, to predict as well.
        results: The run and the recommendation, where there are any.
        model: A model of this workload that has computed something already.
        grids: The maps' cells around the present settings; those that are known are drawn.
        histories: The workload over its own time around the present settings, as far as known.

    Raises:
        BadInputError: If the model cannot answer.
    """
    pinned = [] if baseline is None else [{**values, **baseline.model_dump()}]
    swept = [sweep_workload(bench, workload, point, model=model) for point in (values, *pinned)]
    every = tuple(point for one in swept for point in one.points)
    predictions = dataclasses.replace(
        swept[0],
        points=every,
        maps=_map_points(bench, values, grids),
        histories=tuple(each.to_dict() for each in histories),
    )
    return Report.of([*(one for one in results if one is not None), predictions])


def report_name(of: str, workload: Workload) -> str:
    """Return a name for a report that says of what it is and when it was made.

    Args:
        of: A pattern's name, or ``service``.
        workload: What it is of.
    """
    source = file_stem(file_name(workload.name)).replace(".", "-")
    now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return f"perflab-report-{of.replace('_', '-')}-{source}-{now}"


def _map_points(
    bench: AnyBench, values: Mapping[str, object], grids: Sequence[Grid]
) -> tuple[Point, ...]:
    present = bench.read(values)
    end = time.monotonic() + _MAP_SECONDS
    for grid in grids:
        grid.refine(*present, cancelled=lambda: time.monotonic() > end)
    return tuple(point for grid in grids for point in grid.points(*present))


class ReportLink:
    """A line that says where the report is and opens it.

    The link is an output of the notebook, since only there are relative links resolved; a report
    outside the notebook's folder has its path only. A guest's report is downloaded.

    Args:
        guest: Whether it is one.
    """

    def __init__(self, *, guest: bool = False) -> None:
        self.download = Download() if guest else None
        self._text = widgets.HTML()
        self._text.add_class("perflab-line")
        self._link = widgets.Output()
        self.widget = widgets.HBox(
            [self._text, self._link, *filter(None, [self.download])],
            layout=widgets.Layout(display="none", align_items="center"),
        )

    @property
    def text(self) -> str:
        """What is said, as HTML."""
        return str(self._text.value)

    def make(self, make: Callable[[], Report], name: str) -> Path | None:
        """Make the report and write it under a name; say nothing where that fails.

        Args:
            make: Returns it.
            name: Of a folder, or a file with the ending of a report. What is there under that name
                stays, and the report gets a number behind its own.

        Returns:
            The path of its page; None for a guest, who downloads it.

        Raises:
            BadInputError: If it cannot be written.
        """
        self.working("begun")
        try:
            made = make()
            if self.download is not None:
                page = made.to_html()
                self._put("Report made:")
                self.download.offer(f"{name}.html", page)
                return None
            path = made.write_new(name)
        except Exception:
            self.hide()
            raise
        path = path / "report.html" if path.is_dir() else path
        self.show(path)
        return path

    def working(self, far: str) -> None:
        """Say that it is being made, and how far that is."""
        self._put(f"Writing the report: {html.escape(far)}")

    def show(self, path: Path) -> None:
        """Say where it is, with a link that opens it."""
        self._put(f"Report written: <b>{html.escape(shown(path))}</b>")
        if path.is_absolute():
            return
        address = html.escape(quote(os.fsencode(path.as_posix())), quote=True)
        link = f"<a href='{address}' target='_blank' class='perflab-report'>open the report</a>"
        data = {"text/html": link, "text/plain": shown(path)}
        self._link.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)

    def hide(self) -> None:
        """Say nothing."""
        self._put("")

    def _put(self, text: str) -> None:
        self._text.value = text
        self._link.outputs = ()
        if self.download is not None:
            self.download.take_back()
        self.widget.layout.display = None if text else "none"
