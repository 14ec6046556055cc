"""`MapForecast`: the heat maps' side of the forecast, their cells drawn as they come."""

from __future__ import annotations

import threading

from perflab.bench import AnyBench, HeatMap
from perflab.bench.model import Sharpening
from perflab.callbacks import Cancelled, Progress
from perflab.panels.refining import Job, Part
from perflab.panels.what_if_pane import WhatIfPane
from perflab.settings import Settings
from perflab.tuning.grid import Grid, Surface
from perflab.tuning.whatif import WhatIf
from perflab.units import counted, grouped


class MapForecast(Part):
    """Fills the maps of a bench, and all else that stands below the first row.

    Maps over the same two settings share their cells.

    Args:
        bench: Whose maps.
        view: Where they are drawn.
    """

    redraw_seconds = 0.25

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

    def show(self, job: Job) -> None:
        """Draw what is known now, and all else that stands below the first row."""
        settings, load = job.settings, job.load
        self._view.standing.show(job.what_if.standing(settings, load))
        with self._lock:
            self._fit(settings)
            known = {(g.along, g.against): g.surface(settings, load) for g in self._shown()}
            values = []
            for each in self._maps or ():
                grid, surface = self._grid(each), known[each.along, each.against]
                values.append(surface.values(each.metric, (len(grid.rows), len(grid.columns))))
            self._view.show_rest(values, _note(list(known.values())))

    def finish(self, job: Job, *, computed: bool) -> None:  # noqa: ARG002
        """Draw it: the curves' answers fill cells too."""
        self.show(job)

    def progress(self, done: int, total: int) -> str:
        """Return how many cells are known."""
        return f"computing the map, {grouped(done)} of {counted(total, 'cell')}"

    def preview(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Fill the maps from a part of the workload, if the model can."""
        # Where curves begin with previews too, theirs come before those of the maps' many cells.
        if isinstance(job.what_if.model, Sharpening):
            return True
        return all(grid.preview(job.settings, job.load, changed, outdated) for grid in self.grids)

    def refine(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Compute what is missing; say whether that came to the end."""
        return all(
            grid.refine(job.settings, job.load, changed, outdated) and not outdated()
            for grid in self.grids
        )

    def _fit(self, settings: Settings) -> None:
        """Put up the maps that make sense now, if these are others."""
        what_if = self._what_if
        if what_if is None:
            return
        maps = self._bench.display.maps_for(settings, what_if.workload)
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
            of = (self._bench, what_if.workload, what_if.model)
            self._made[key] = Grid(*of, *key)
        return self._made[key]


def _note(surfaces: list[Surface]) -> str:
    """Say how much is known, where that is not all of it."""
    cells = sum(len(surface.settings) for surface in surfaces)
    known = sum(len(surface.predictions) for surface in surfaces)
    if known < cells:
        return f"{known} of {cells} known"
    return "from a part" if any(surface.sampled for surface in surfaces) else ""
