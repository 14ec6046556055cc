"""`WhatIf`: predictions around the present settings, drawn as they come."""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel, Previewing, Sharpening
from perflab.bench.parts import WhatIfChart
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Prediction
from perflab.settings import LoadSettings, Settings
from perflab.tuning.background import compute_in_order
from perflab.tuning.sharpening import BandedLine, Rounds, known
from perflab.tuning.standing import Standing, runnable
from perflab.workloads.kinds.workload import Workload

Line = tuple[list[float], list[float]]
_Places = KeptAnswers[tuple[str, Settings], list[tuple[float, Settings]]]
_Points = dict[tuple[str, Settings], list[tuple[float, Prediction]]]
"""What is known along a setting, by that setting and all the others."""

_COARSE = 4
_MOST_LINES = 100
_MOST_NUMBERS = 1_000_000


class WhatIf:
    """What a panel shows of a model: what is known now, at once; the rest is computed in order.

    The model keeps what it has computed, so that a setting seen before costs nothing.

    Args:
        bench: Whose charts and model.
        workload: What it answers for.
        costs: What the model is told.
        model: A model of this workload that has computed something already.
        compared: By setting, the values that have a line; a chart's own where not given.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        costs: Costs,
        model: AnyModel | None = None,
        compared: Mapping[str, Sequence[object]] | None = None,
    ) -> None:
        self.bench = bench
        self.workload = workload
        self.costs = costs
        known = None if model is None else model.with_costs(costs)
        self.model: AnyModel = known or bench.quick_model(workload, costs)
        self._sharpens = isinstance(self.model, Sharpening)
        self.compared = dict(compared or {})
        charts = bench.display.all_charts
        self._axes = {chart.along: bench.axis(chart.along, workload) for chart in charts}
        self._answers: KeptAnswers[tuple[Settings, LoadSettings], Prediction]
        self._answers = KeptAnswers(_MOST_NUMBERS, _numbers_in)
        self._places: _Places = KeptAnswers(_MOST_LINES)

    def charts(self, settings: Settings) -> tuple[WhatIfChart, ...]:
        """Return the charts at some settings."""
        return self.bench.display.charts_for(settings, self.workload)

    def curves(self, settings: Settings, load: LoadSettings) -> list[dict[str, Line]]:
        """Return, for every what-if chart, its lines by label as far as they are known now."""
        points: _Points = {}  # the charts have lines in common
        return [self._chart(chart, settings, load, points) for chart in self.charts(settings)]

    def at(self, settings: Settings, load: LoadSettings) -> Prediction | None:
        """Return the prediction at once: exact if known, else between its known neighbours.

        The error is then half the difference of the two; none where nothing near is known. A model
        that can answer from a part of its workload does that instead, if that tells enough.
        """
        if self.model.ready(settings, load):
            return self.model.predict(settings, load)
        if isinstance(self.model, Sharpening) and not self.model.has_rough_answer(settings):
            return None
        if isinstance(self.model, Previewing):
            return self.model.preview(settings, load)
        return self._near(settings, load, self.charts(settings)[0].along)

    def standing(self, settings: Settings, load: LoadSettings) -> Standing | None:
        """Return how the lines compare at the present place, for the first chart that asks.

        What is not known there is taken between its known neighbours on the line.
        """
        chart = next((c for c in self.charts(settings) if c.reference is not None), None)
        if chart is None:
            return None
        values, about = {}, set()
        for value, there in self._rivals(chart, settings):
            answer = self._answer(there, load)
            if answer is None:
                answer = self._near(there, load, chart.along)
            if answer is not None and chart.metric in answer.metrics:
                values[str(value)] = answer.metrics[chart.metric]
                about |= {str(value)} if answer.between or answer.sampled < 1 else set()
        present = str(getattr(settings, str(chart.lines)))
        can_run = frozenset(runnable(chart, self.bench))
        titles = self.bench.info(str(chart.lines)).titles
        return Standing(chart, values, present, frozenset(about), can_run, titles)

    def refine(
        self,
        settings: Settings,
        load: LoadSettings,
        changed: Progress,
        cancelled: Cancelled = lambda: False,
    ) -> bool:
        """Compute what is missing, the present point first, then its line, coarse before fine.

        Args:
            settings: The pattern's present settings.
            load: The load's present settings.
            changed: Called with the number of points done and of all, when results have come.
            cancelled: Asked between two results; when it says so, the rest is left.

        Returns:
            Whether it came to the end.
        """
        self.model.prepare()

        missing = self._missing(settings, load)
        if isinstance(self.model, Sharpening):
            along = [chart.along for chart in self.charts(settings)]
            rounds = Rounds(self.model, settings, load, along)
            steps = rounds.steps(list(missing), cancelled)
            return compute_in_order(lambda step: step(), steps, changed, cancelled)

        def compute(there: Settings) -> None:
            self.model.predict(there, load)

        return compute_in_order(compute, missing, changed, cancelled)

    def _answer(self, there: Settings, load: LoadSettings) -> Prediction | None:
        """Return the sharpest answer by now; one that gets no sharper is kept as it is."""
        if self._sharpens:
            return known(self.model, there, load)
        found = self._answers.get((there, load))
        if found is None and (found := known(self.model, there, load)) is not None:
            self._answers.keep((there, load), found)
        return found

    def _lines(self, chart: WhatIfChart, settings: Settings) -> Iterator[tuple[str, Settings]]:
        if chart.lines is None:
            yield chart.metric, settings
            return
        for value in self._compared(chart, settings):
            yield str(value), self.bench.display.settings_for_line(settings, chart.lines, value)

    def _compared(self, chart: WhatIfChart, settings: Settings) -> list[object]:
        """Return the values that have a line: those chosen, and the present one."""
        assert chart.lines is not None  # noqa: S101  (asked for charts with lines)
        chosen = self.compared.get(chart.lines, chart.compared or chart.values)
        here = getattr(settings, chart.lines)
        return [value for value in chart.values if value in chosen or value == here]

    def _rivals(self, chart: WhatIfChart, settings: Settings) -> Iterator[tuple[object, Settings]]:
        """Yield, at the present place, the lines drawn, the reference and the ceiling."""
        values = [*self._compared(chart, settings), chart.reference, chart.ceiling]
        for value in dict.fromkeys(value for value in values if value is not None):
            yield value, self.bench.display.settings_for_line(settings, str(chart.lines), value)

    def _chart(
        self, chart: WhatIfChart, settings: Settings, load: LoadSettings, points: _Points
    ) -> dict[str, Line]:
        def line(there: Settings, metric: str) -> Line:
            key = (chart.along, there)
            if key not in points:
                points[key] = list(self._known(chart.along, there, load))
            told = [(place, found) for place, found in points[key] if metric in found.metrics]
            return BandedLine.of([place for place, _ in told], [found for _, found in told], metric)

        lines = {label: line(there, chart.metric) for label, there in self._lines(chart, settings)}
        return {**lines, **{name: line(settings, name) for name in chart.also}}

    def _known(
        self, along: str, settings: Settings, load: LoadSettings
    ) -> Iterator[tuple[float, Prediction]]:
        for value, there in self._along(along, settings):
            answer = self._answer(there, load)
            if answer is not None:
                yield float(value), answer

    def _along(self, along: str, settings: Settings) -> list[tuple[float, Settings]]:
        """Return all places of an axis, with the settings there.

        Settings are checked as they are made, which takes longer than many an answer.
        """
        axis = self._axes[along]
        return self._places.answer(
            (along, settings.change(**{along: axis[0]})),
            lambda: [(value, settings.change(**{along: value})) for value in axis],
        )

    def _missing(self, settings: Settings, load: LoadSettings) -> Iterator[Settings]:
        """Yield settings to compute, most wanted first."""
        seen: set[Settings] = set()
        for there in self._wanted(settings, load):
            if there in seen or self.model.ready(there, load):
                continue
            seen.add(there)
            try:
                self.bench.models.check(there, load, self.workload)
            except BadInputError:
                continue
            yield there

    def _wanted(self, settings: Settings, load: LoadSettings) -> Iterator[Settings]:
        yield settings
        # On a large workload, rivals at each new place would keep the next move waiting.
        quick = not isinstance(self.model, Sharpening)
        for chart in self.charts(settings):
            if chart.reference is None:
                continue
            for _, there in self._rivals(chart, settings):
                if quick or self._near(there, load, chart.along) is None:
                    yield there
        lines: list[tuple[str, Settings]] = [
            (chart.along, line)
            for chart in self.charts(settings)
            for _, line in self._lines(chart, settings)
        ]
        lines.sort(key=lambda pair: pair[1] != settings)
        for along, line in lines:
            here = getattr(settings, along) or self._axes[along][-1]
            for value in _coarse_first(self._axes[along][::_COARSE], float(here)):
                yield line.change(**{along: value})

    def _near(self, settings: Settings, load: LoadSettings, along: str) -> Prediction | None:
        """Return what lies between the known neighbours of a place, if it has some."""
        here = getattr(settings, along)
        if here is None:
            return None
        places = self._along(along, settings)
        place = bisect.bisect_right(self._axes[along], here)

        def first_known(some: Iterable[tuple[float, Settings]]) -> tuple[float, Prediction] | None:
            for value, there in some:
                answer = self._answer(there, load)
                if answer is not None:
                    return value, answer
            return None

        below, above = first_known(reversed(places[:place])), first_known(places[place:])
        if below is None or above is None:
            return None
        log = self.bench.info(along).scale == "log"
        return self._between(float(here), below, above, log=log)

    def _between(
        self,
        here: float,
        below: tuple[float, Prediction],
        above: tuple[float, Prediction],
        *,
        log: bool,
    ) -> Prediction:
        low, high = below[1], above[1]
        first, last = (math.log(place[0]) if log else place[0] for place in (below, above))
        share = ((math.log(here) if log else here) - first) / (last - first)
        metrics = {
            name: value + share * (high.metrics.get(name, value) - value)
            for name, value in low.metrics.items()
        }
        leading = self.bench.tuning.objective.metric
        error = abs(high.metrics[leading] - low.metrics[leading]) / 2
        return dataclasses.replace(
            low, metrics=metrics, error=error, between=True, sampled=1.0, low=None, high=None
        )


def _numbers_in(answer: Prediction) -> int:
    """Return about how many numbers an answer holds, its own metrics and the misses' times."""
    return 100 + (0 if answer.missed is None else len(answer.missed))


def _coarse_first(values: list[float], here: float) -> list[float]:
    """Return both ends, the neighbours of the present value, then halves, quarters and so on."""
    nearest = sorted(values, key=lambda value: abs(math.log(max(value, 1e-12) / max(here, 1e-12))))
    order = [values[0], values[-1], *nearest[:2]]
    step = len(values)
    while step > 1:
        step = (step + 1) // 2
        order += values[step::step]
    return list(dict.fromkeys([*order, *values]))
