"""Costs measured again from the panel: what is said meanwhile."""

from __future__ import annotations

import time

from perflab.bench import AnyBench
from perflab.callbacks import Cancelled
from perflab.lab.calibration import Calibration
from perflab.lab.rounds import round_of
from perflab.lab.verbs import measure_again
from perflab.panels.status import StatusLine
from perflab.settings import LoadSettings, Settings
from perflab.units import grouped
from perflab.workloads import Workload


class AbandonedError(Exception):
    """A calibration is no longer wanted."""


def measure_told(
    status: StatusLine,
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: Workload,
    cancelled: Cancelled,
) -> Calibration:
    """Measure the costs for a workload again, and say which round is made and for how long by now.

    Args:
        status: Where that is said, until it is over.
        bench: Whose costs.
        settings: Of the pattern.
        load: Of the load.
        workload: What they are measured for.
        cancelled: Whether they are no longer wanted.

    Raises:
        AbandonedError: If they are no longer wanted.
        BadInputError: If the backend only fails.
        ConsentNeededError: If a server was not agreed to.
    """
    began = time.monotonic()

    def tell(number: int, total: int | None) -> None:
        if cancelled():
            raise AbandonedError
        passed = f"{grouped(round(time.monotonic() - began))} s"
        said = f"measuring the costs on this machine: {round_of(number, total)}, {passed}"
        status.say("calibration", said, "busy")

    try:
        return measure_again(bench, settings, load, workload, tell)
    finally:
        status.say("calibration", "")
