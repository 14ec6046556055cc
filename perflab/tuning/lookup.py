"""`Lookup`: predictions at settings, load and costs other than those of a sweep."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from perflab.bench.base import AnyBench
from perflab.bench.conditions import Change, Conditions
from perflab.bench.model import AnyModel
from perflab.errors import BadInputError
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings, Settings
from perflab.tuning.points import Point, point_of
from perflab.workloads.kinds.workload import Workload

AnyChange = Change[Settings, Workload]
Values = Mapping[str, object]


class Lookup:
    """Asks one model, which keeps what it has computed. Safe to use from several threads.

    Args:
        bench: Whose settings and model.
        workload: The workload.
        settings: The user's values, of the pattern and of the load.
        model: What is asked.
        costs: What its predictions rest on.

    Attributes:
        bench: As given.
        workload: As given.
        present: The user's values as conditions.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        settings: Mapping[str, object] | None,
        model: AnyModel,
        costs: Costs,
    ) -> None:
        self.bench, self.workload = bench, workload
        self._given = dict(settings or {})
        self._model, self._costs = model, costs
        self.present: Conditions[Settings] = self._conditions({})

    def at(self, values: Mapping[str, object], requests: slice | None = None) -> Point | None:
        """Return what is predicted at some values over the user's; none where it is refused.

        Args:
            values: Settings that differ from the user's.
            requests: Of which requests; none for the whole workload.
        """
        try:
            now = self._conditions(values)
            return self._predicted(self._model, now.settings, now.load, requests)
        except BadInputError:
            return None

    def all_at(self, values: Iterable[Mapping[str, object]]) -> list[Point]:
        """Return what is predicted at each of several values, without those that are refused."""
        return _all_of(self.at, values)

    def under(self, change: AnyChange, factor: float, values: Mapping[str, object]) -> Point | None:
        """Return what is predicted at some values when something is multiplied by a factor.

        It is none where that means nothing for the pattern and workload, or is refused.
        """
        try:
            changed = change(self._conditions(values), self.workload, factor)
            if changed is None:
                return None
            model = self._model.with_costs(changed.costs)
            return self._predicted(model, changed.settings, changed.load)
        except BadInputError:
            return None

    def all_under(
        self, change: AnyChange, factor: float, values: Sequence[Mapping[str, object]]
    ) -> list[Point]:
        """Return the same at each of several values."""
        return _all_of(lambda each: self.under(change, factor, each), values)

    def _conditions(self, values: Mapping[str, object]) -> Conditions[Settings]:
        settings, load = self.bench.read({**self._given, **values})
        return Conditions(settings, load, self._costs)

    def _predicted(
        self,
        model: AnyModel,
        settings: Settings,
        load: LoadSettings,
        requests: slice | None = None,
    ) -> Point:
        self.bench.models.check(settings, load, self.workload)
        return point_of(model.predict(settings, load, requests), settings, load)


def _all_of(ask: Callable[[Values], Point | None], values: Iterable[Values]) -> list[Point]:
    """Return what is answered at each of several values, without those that are refused."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        found = list(threads.map(ask, values))
    return [point for point in found if point is not None]
