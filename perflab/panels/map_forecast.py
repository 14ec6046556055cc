"""`MapForecast`: the heat maps' side of the forecast, their cells drawn as they come."""

from __future__ import annotations

import threading
import time

from perflab.bench import AnyBench, HeatMap
from perflab.callbacks import Cancelled, Progress
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import LoadSettings, Settings
from perflab.tuning.grid import Grid, Surface
from perflab.tuning.whatif import WhatIf

_REDRAW_SECONDS = 0.25


class MapForecast:
    """Fills the maps of a bench. Maps over the same two settings share their cells.

    Args:
        bench: Whose maps.
        view: Where they are drawn.
    """

    def __init__(self, bench: AnyBench, view: WhatIfPane) -> None:
        self._bench, self._view = bench, view
        self._lock = threading.Lock()
        self._what_if: WhatIf | None = None
        self._maps: tuple[HeatMap, ...] | None = None
        self._made: dict[tuple[str, str], Grid] = {}

    @property
    def grids(self) -> list[Grid]:
        """The cells of the maps that are shown."""
        with self._lock:
            return self._shown()

    def use(self, what_if: WhatIf, *, anew: bool) -> None:
        """Show maps of another workload, or of the same one with other costs, from now on."""
        with self._lock:
            self._what_if, self._made = what_if, {}
            self._maps = None if anew else self._maps

    def show(self, settings: Settings, load: LoadSettings) -> None:
        """Draw what is known now, and all else that stands below the first row."""
        with self._lock:
            self._fit(settings)
            known = {(g.along, g.against): g.surface(settings, load) for g in self._shown()}
            values = []
            for each in self._maps or ():
                grid, surface = self._grid(each), known[each.along, each.against]
                values.append(surface.values(each.metric, (len(grid.rows), len(grid.columns))))
            self._view.show_rest(values, _note(list(known.values())))

    def preview(self, settings: Settings, load: LoadSettings, cancelled: Cancelled) -> bool:
        """Fill the maps from a part of the workload, if the model can."""
        redraw = self._redrawn(settings, load, lambda _done, _total: None, cancelled)
        done = all(grid.preview(settings, load, redraw, cancelled) for grid in self.grids)
        return done and not cancelled()

    def refine(
        self, settings: Settings, load: LoadSettings, told: Progress, cancelled: Cancelled
    ) -> bool:
        """Compute what is missing; say whether that came to the end."""
        redraw = self._redrawn(settings, load, told, cancelled)
        for grid in self.grids:
            if not grid.refine(settings, load, redraw, cancelled) or cancelled():
                return False
        self.show(settings, load)
        return True

    def _fit(self, settings: Settings) -> None:
        """Put up the maps that make sense now, if these are others."""
        what_if = self._what_if
        if what_if is None:
            return
        maps = self._bench.display.maps_for(settings, what_if.trace)
        if maps != self._maps:
            self._maps = maps
            grids = [self._grid(each) for each in maps]
            self._view.maps.begin(maps, [(grid.columns, grid.rows) for grid in grids])

    def _shown(self) -> list[Grid]:
        each_once = {(each.along, each.against): each for each in self._maps or ()}
        return [self._grid(each) for each in each_once.values()]

    def _grid(self, each: HeatMap) -> Grid:
        what_if, key = self._what_if, (each.along, each.against)
        assert what_if is not None  # noqa: S101  (maps are shown of a workload)
        if key not in self._made:
            of = (self._bench, what_if.trace, what_if.costs, what_if.model)
            self._made[key] = Grid(*of, *key)
        return self._made[key]

    def _redrawn(
        self, settings: Settings, load: LoadSettings, told: Progress, cancelled: Cancelled
    ) -> Progress:
        """Return what draws now and then and tells how far it is."""
        drawn = time.monotonic()

        def changed(done: int, total: int) -> None:
            nonlocal drawn
            if cancelled() or not total:
                return
            told(done, total)
            if done == total or time.monotonic() - drawn >= _REDRAW_SECONDS:
                self.show(settings, load)
                drawn = time.monotonic()

        return changed


def _note(surfaces: list[Surface]) -> str:
    """Say how much is known, where that is not all of it."""
    cells = sum(len(surface.settings) for surface in surfaces)
    known = sum(len(surface.predictions) for surface in surfaces)
    if known < cells:
        return f"{known} of {cells} known"
    return "from a part" if any(surface.sampled for surface in surfaces) else ""
