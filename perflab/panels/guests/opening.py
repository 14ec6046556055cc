"""`app_panel`: the panel that `perflab app` serves; its users are guests."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

import comm
import ipywidgets as widgets
from ipywidgets.widgets.widget import _instances

from perflab.bench import load_bench
from perflab.panels.guard import Guard, parts_of
from perflab.panels.guests.rights import GUEST
from perflab.panels.workbench import Workbench


def app_panel(
    pattern: str,
    workload: str | None,
    settings: Mapping[str, object],
    *,
    format_: str | None = None,
    columns: Mapping[str, str] | None = None,
    folder: str | None = None,
    turn: str | None = None,
) -> Workbench:
    """Return the panel of a pattern for guests.

    Args:
        pattern: Its name.
        workload: A name with parameters or a file's path; none for the bench's own.
        settings: Keys of the pattern and of the load. Those that are texts stay as they are.
        format_: The file's format.
        columns: Which columns of it to read, and how.
        folder: The folder that relative paths start from; the working folder where not given.
        turn: A file by which the panels of several kernels measure one at a time.

    Raises:
        BadInputError: If a setting is unknown or out of bounds, or a file whose format or columns
            are given cannot be read.
    """
    if folder is not None:
        os.chdir(folder)
    bench = load_bench(pattern)
    loaded: object = workload
    if workload is not None and (format_ is not None or columns):
        loaded = bench.workload_for(bench.read(settings)[0], workload, format_, columns)
    panel = Workbench(bench, loaded, settings, dataclasses.replace(GUEST, turn=turn))
    _refuse_all_else(panel)
    _send_again_once(panel)
    return panel


def _refuse_all_else(panel: Workbench) -> None:
    """Guard widgets that are not in the panel now, too, and let the page make none of its own."""
    guard = Guard(panel.status.fail)
    for widget in list(_instances.values()):
        guard.watch(widget)
    comm.get_comm_manager().targets.pop("jupyter.widget", None)


def _send_again_once(panel: Workbench) -> None:
    """Send a panel's state again when its page first writes.

    A page of Voilà takes the state of all widgets, and only then listens to what changes: what
    threads change in between would be lost to it.
    """
    field = panel.measure.field

    def send(_change: object) -> None:
        field.unobserve(send, "value")
        _send_all(panel.widget, set())

    field.observe(send, "value")


def _send_all(widget: widgets.Widget, sent: set[str]) -> None:
    if widget.comm is None or widget.model_id in sent:
        return
    sent.add(widget.model_id)
    widget.send_state()
    for part in parts_of(widget):
        _send_all(part, sent)
