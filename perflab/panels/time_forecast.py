"""`TimeForecast`: the side of the forecast that draws a workload over its own time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from perflab.bench import AnyBench, Histories, OverTime, TimeChart
from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.modelling.history import History
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import LoadSettings, Settings


class TimeForecast:
    """Fills the charts over time of a bench: the present line first, rough before exact.

    Args:
        bench: Whose charts.
        view: Where they are drawn.
    """

    def __init__(self, bench: AnyBench, view: WhatIfPane) -> None:
        self._over_time, self._view = bench.over_time, view
        self._lock = threading.Lock()
        self._trace: Any = None
        self._histories: Histories | None = None
        self._shown: tuple[tuple[TimeChart, ...], int] | None = None

    def use(self, trace: Any) -> None:
        """Show another workload, or the same one again."""
        with self._lock:
            if trace is not self._trace:
                self._trace, self._shown = trace, None
                if self._over_time is not None:
                    self._histories = self._over_time.histories(trace)

    def known(self, settings: Settings, load: LoadSettings) -> list[History]:
        """Return the lines around some settings, as far as they are known."""
        if self._over_time is None or self._histories is None:
            return []
        values = self._over_time.values(self._trace, settings, load)
        found = (self._histories.best_known(value, load) for value in values)
        return [each for each in found if each is not None]

    def preview(self, settings: Settings, load: LoadSettings, cancelled: Cancelled) -> bool:
        """Draw all lines, from a part of the workload where it is large; say if that was done."""
        over_time, histories = self._over_time, self._histories
        if over_time is None or histories is None or not self._fit(over_time, load):
            return True
        return self._each(over_time, settings, load, histories.preview, cancelled)

    def refine(self, settings: Settings, load: LoadSettings, cancelled: Cancelled) -> bool:
        """Draw all lines as sharp as can be; say if that was done."""
        over_time, histories = self._over_time, self._histories
        if over_time is None or histories is None or not self._fit(over_time, load):
            return True
        rough = any(each.sampled < 1 for each in self.known(settings, load))
        return not rough or self._each(over_time, settings, load, histories.settle, cancelled)

    def _each(
        self,
        over_time: OverTime[Any, Any],
        settings: Settings,
        load: LoadSettings,
        ask: Callable[[Any, LoadSettings], History],
        cancelled: Cancelled,
    ) -> bool:
        values = over_time.values(self._trace, settings, load)
        here = getattr(settings, over_time.lines)
        for value in sorted(values, key=lambda value: value != here):
            if cancelled():
                return False
            with contextlib.suppress(BadInputError):
                ask(value, load)
        if cancelled():
            return False
        self._show(over_time, settings, load)
        return True

    def _fit(self, over_time: OverTime[Any, Any], load: LoadSettings) -> bool:
        """Put up the charts that make sense now; say if there is one."""
        with self._lock:
            charts = over_time.charts_for(self._trace, load)
            before = self._view.halves
            if self._shown != (charts, before):
                self._shown = (charts, before)
                self._view.times.begin(charts, before)
            return bool(charts)

    def _show(self, over_time: OverTime[Any, Any], settings: Settings, load: LoadSettings) -> None:
        known = self.known(settings, load)
        here = getattr(settings, over_time.lines)
        present = next((each for each in known if each.value == here), None)
        words = () if present is None else over_time.words(settings, present)
        self._view.times.show(known, settings, words)
