"""`TurnTaker`: what starts live runs of several settings, whose turns a subclass takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from perflab.bench.base import AnyBench
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun
from perflab.modelling.prediction import Metrics
from perflab.workloads.kinds.workload import Workload


class TurnTaker:
    """Starts a live run of a contender, in a child process of its own.

    Args:
        bench: Whose runs.
        workload: What is run.
        values: The settings of each contender, of the pattern and of the load.
        seconds: Of a turn, its warm-up left out.
        loop: Whether the workload begins again at its end.
        calibration: The costs of the machine.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        values: Mapping[str, Mapping[str, object]],
        seconds: float,
        *,
        loop: bool,
        calibration: Calibration,
    ) -> None:
        self._bench, self._workload = bench, workload
        self._checked = {name: bench.read(each) for name, each in values.items()}
        self._seconds, self._loop = seconds, loop
        self._calibration = calibration

    def _start(self, name: str, seconds: float | None, **more: Any) -> LiveRun:
        """Start a run that ends after so many seconds, or when it is told to."""
        settings, load = self._checked[name]
        return LiveRun(
            self._bench,
            self._workload,
            settings,
            load,
            seconds=seconds,
            loop=self._loop,
            calibration=self._calibration,
            predicts=False,
            **more,
        )


def finite(found: Metrics) -> Metrics:
    """Return metrics without values that are not finite."""
    return {key: value for key, value in found.items() if math.isfinite(value)}
