"""`Grid`: the cells of a map over two settings, with all others as they are at present."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel, Previewing
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.modelling.prediction import Prediction
from perflab.settings import LoadSettings, SettingInfo, Settings
from perflab.tuning.background import compute_in_order, compute_one_by_one
from perflab.tuning.points import Point, point_of
from perflab.workloads.kinds.workload import Workload

STEPS = 12

Place = tuple[int, int]
Values = npt.NDArray[np.float64]


class Grid:
    """What is known of a map's cells, and how to come to know the rest, coarse before fine.

    A move of the map's own two settings changes no cell. Safe to use from several threads.

    Args:
        bench: Whose settings and model.
        workload: The workload.
        model: What is asked; it keeps what it has computed.
        along: The setting of the horizontal axis, a column a value.
        against: The setting of the vertical axis, a row a value.
    """

    def __init__(
        self, bench: AnyBench, workload: Workload, model: AnyModel, along: str, against: str
    ) -> None:
        self.along, self.against = along, against
        self.columns = map_values(bench, along, workload)
        self.rows = map_values(bench, against, workload)
        self._bench, self._workload, self._model = bench, workload, model
        self._lock = threading.Lock()
        self._surface: Surface | None = None

    def surface(self, settings: Settings, load: LoadSettings) -> Surface:
        """Return the cells around some settings, with all that the model knows by now."""
        rest = (settings.model_dump(exclude={self.along, self.against}), load)
        with self._lock:
            found = self._surface
            if found is None or found.rest != rest:
                found = self._surface = Surface(rest, load, self._settings(settings, load))
        for place in found.inexact:
            there = found.settings[place]
            if self._model.ready(there, load):
                found.predictions[place] = self._model.predict(there, load)
        return found

    def points(self, settings: Settings, load: LoadSettings) -> list[Point]:
        """Return the cells that are known, as points of a sweep."""
        surface = self.surface(settings, load)
        return [
            point_of(found, surface.settings[place], load)
            for place, found in list(surface.predictions.items())
        ]

    def preview(
        self,
        settings: Settings,
        load: LoadSettings,
        changed: Progress = lambda _done, _total: None,
        cancelled: Cancelled = lambda: False,
    ) -> bool:
        """Fill cells from a part of the workload, if the model can; say if that came to the end.

        Args:
            settings: The pattern's present settings.
            load: The load's present settings.
            changed: Called with the number of cells done and of all, after each of them.
            cancelled: Asked between two cells; when it says so, the rest is left.
        """
        model, surface = self._model, self.surface(settings, load)
        if not isinstance(model, Previewing):
            return True
        wanted = [place for place in self._order(settings, surface) if not surface.knows(place)]

        def compute(place: Place) -> None:
            found = model.preview(surface.settings[place], load)
            surface.predictions.setdefault(place, found)

        return compute_one_by_one(compute, wanted, changed, cancelled)

    def refine(
        self,
        settings: Settings,
        load: LoadSettings,
        changed: Progress = lambda _done, _total: None,
        cancelled: Cancelled = lambda: False,
    ) -> bool:
        """Compute what is missing: the corners, the middle, then between, near cells first.

        Args and result are those of `preview`.
        """
        self._model.prepare()
        surface = self.surface(settings, load)
        wanted = [place for place in self._order(settings, surface) if place in surface.inexact]

        def compute(place: Place) -> None:
            there = surface.settings[place]
            surface.predictions[place] = self._model.predict(there, load)

        return compute_in_order(compute, wanted, changed, cancelled)

    def _settings(self, settings: Settings, load: LoadSettings) -> dict[Place, Settings]:
        """Return the settings of every cell that the model answers."""
        found = {}
        for row, below in enumerate(self.rows):
            for column, beside in enumerate(self.columns):
                try:
                    there = settings.change(**{self.along: beside, self.against: below})
                    self._bench.models.check(there, load, self._workload)
                except BadInputError:
                    continue
                found[row, column] = there
        return found

    def _order(self, settings: Settings, surface: Surface) -> list[Place]:
        levels = [_levels(len(self.rows)), _levels(len(self.columns))]
        here = (
            nearest_place(self._bench.info(self.against), self.rows, settings, self.against),
            nearest_place(self._bench.info(self.along), self.columns, settings, self.along),
        )

        def rank(place: Place) -> tuple[int, int]:
            coarse = max(level[i] for level, i in zip(levels, place, strict=True))
            return coarse, sum(abs(i - k) for i, k in zip(place, here, strict=True))

        return sorted(surface.settings, key=rank)


class Surface:
    """The cells of a grid while nothing but its two settings moves.

    Attributes:
        rest: All other settings, which it belongs to.
        load: The load's settings.
        settings: Of each cell that has an answer, by row and column.
        predictions: What is known of them by now.
    """

    def __init__(self, rest: object, load: LoadSettings, settings: dict[Place, Settings]) -> None:
        self.rest = rest
        self.load = load
        self.settings = settings
        self.predictions: dict[Place, Prediction] = {}

    @property
    def inexact(self) -> list[Place]:
        """Cells that are not known, or from a part of the workload only."""
        known = self.predictions
        return [p for p in self.settings if p not in known or known[p].sampled < 1]

    @property
    def sampled(self) -> bool:
        """Whether some cells are from a part of the workload only."""
        return any(each.sampled < 1 for each in list(self.predictions.values()))

    def knows(self, place: Place) -> bool:
        """Say whether anything is known of a cell."""
        return place in self.predictions

    def values(self, metric: str, shape: tuple[int, int]) -> Values:
        """Return a metric's values, a row a value of the vertical axis; unknown is NaN."""
        found = np.full(shape, np.nan)
        for place, prediction in list(self.predictions.items()):
            found[place] = prediction.metrics.get(metric, np.nan)
        return found


def map_values(bench: AnyBench, key: str, workload: Workload) -> list[object]:
    """Return the values of a setting on a map's axis: at most 12, evenly on its scale, then none.

    A word has all of its words.
    """
    info = bench.info(key)
    end = [None] if info.optional else []
    if info.kind is bool:
        return [False, True, *end]
    if info.choices:
        return [*info.choices, *end]
    known = [value for value in bench.axis(key, workload) if value is not None]
    places = [scaled(info, value) for value in known]
    wanted = np.linspace(places[0], places[-1], STEPS)
    picked = {int(np.abs(np.subtract(places, each)).argmin()) for each in wanted}
    return [known[place] for place in sorted(picked)] + end


def scaled(info: SettingInfo, value: float) -> float:
    """Return where a number is on its setting's scale."""
    return math.log(max(float(value), 1e-12)) if info.scale == "log" else float(value)


def nearest_place(info: SettingInfo, values: Sequence[object], settings: Settings, key: str) -> int:
    """Return which of an axis' values is nearest to the present one."""
    here = getattr(settings, key)
    if here in values:
        return list(values).index(here)
    numbers = [value for value in values if isinstance(value, (int, float))]
    if not numbers or not isinstance(here, (int, float)):
        return len(values) - 1
    apart = [abs(scaled(info, value) - scaled(info, here)) for value in numbers]
    return apart.index(min(apart))


def _levels(count: int) -> list[int]:
    """Return for each of some places in a row when it comes: ends, middle, quarters and so on."""
    levels = [0] * count
    spans = [(0, count - 1)]
    level = 1
    while spans:
        halves = []
        for low, high in spans:
            if high - low > 1:
                middle = (low + high) // 2
                levels[middle] = level
                halves += [(low, middle), (middle, high)]
        spans, level = halves, level + 1
    return levels
