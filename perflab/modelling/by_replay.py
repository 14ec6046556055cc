"""`ByReplay`: a model for each way in which a trace with operations or TTLs can be replayed."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, Self

from perflab.callbacks import Cancelled
from perflab.modelling.model import Model, Sharpening
from perflab.modelling.operations import Way, replayed, way_of
from perflab.modelling.own_ttls import replay_remarks
from perflab.modelling.part_of_keys import M
from perflab.modelling.part_settings import S
from perflab.modelling.prediction import Costs, Prediction
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


def by_replay(trace: Trace, costs: Costs, make: Callable[[Trace, Costs], M]) -> M | ByReplay[Any]:
    """Return the model of a trace, or of each way in which it can be replayed.

    Args:
        trace: As it was recorded.
        costs: What was measured.
        make: Returns the model of what a cache is asked.

    Raises:
        BadInputError: If the trace has no reads.
    """
    if trace.operations is None and trace.ttls is None:
        return make(trace, costs)
    load = LoadSettings()
    first = make(replayed(trace, load), costs)
    kind = SharpeningByReplay if hasattr(first, "best_known") else ByReplay
    return kind(Replays(trace, make, {way_of(trace, load): first}), costs)


class Replays(Generic[S]):
    """The models by way of replay, each made when it is first asked for. Safe for several threads.

    Args:
        trace: As it was recorded.
        make: Returns the model of what a cache is asked.
        models: Those that are made.
    """

    def __init__(
        self,
        trace: Trace,
        make: Callable[[Trace, Costs], Model[S]],
        models: dict[Way | None, Model[S]],
    ) -> None:
        self.trace = trace
        self._make = make
        self._models = models
        self._lock = threading.Lock()
        self._remarks: dict[Way | None, tuple[str, ...]] = {}

    def remarks(self, load: LoadSettings) -> tuple[str, ...]:
        """Return which `writes` and `ttl_from` are in force."""
        key = (load.writes, load.ttl_from)
        if key not in self._remarks:
            self._remarks[key] = replay_remarks(self.trace, load)
        return self._remarks[key]

    def at(self, load: LoadSettings, costs: Costs) -> Model[S]:
        """Return the model of the way that a load asks for, at the costs it was made with."""
        way = way_of(self.trace, load)
        with self._lock:
            if way not in self._models:
                self._models[way] = self._make(replayed(self.trace, load), costs)
            return self._models[way]

    def all(self) -> Iterable[Model[S]]:
        """Return the models that are made."""
        with self._lock:
            return list(self._models.values())


class ByReplay(Generic[S]):
    """Predictions for a trace by `writes` and `ttl_from`, which each answer names.

    Args:
        replays: The models, which keep what they have computed.
        costs: What was measured.
    """

    def __init__(self, replays: Replays[S], costs: Costs) -> None:
        self._replays = replays
        self._costs = costs
        self._at: dict[Way | None, Model[S]] = {}

    def with_costs(self, costs: Costs) -> Self:
        """Return the same at other costs; the two share what the models have computed."""
        return type(self)(self._replays, costs)

    def predict(self, settings: S, load: LoadSettings, requests: slice | None = None) -> Prediction:
        """Return the prediction at one setting, over all rows or a slice of them.

        Raises:
            BadInputError: If the model has no answer.
        """
        return self._named(self._model(load).predict(settings, load, requests), load)

    def prepare(self) -> None:
        """Compute what most answers lean on, for each way that was asked for."""
        for model in self._replays.all():
            model.prepare()

    def ready(self, settings: S, load: LoadSettings) -> bool:
        """Say whether `predict` over all rows would answer at once."""
        return self._model(load).ready(settings, load)

    def _model(self, load: LoadSettings) -> Model[S]:
        way = way_of(self._replays.trace, load)
        if way not in self._at:
            self._at[way] = self._replays.at(load, self._costs).with_costs(self._costs)
        return self._at[way]

    def _named(self, found: Prediction, load: LoadSettings) -> Prediction:
        said = self._replays.remarks(load)
        return dataclasses.replace(found, remarks=(*found.remarks, *said))


class SharpeningByReplay(ByReplay[S]):
    """The same over models whose answers are rough at first."""

    def preview(self, settings: S, load: LoadSettings) -> Prediction:
        """Return a first answer, and asked again a better one."""
        return self._named(self._sharpening(load).preview(settings, load), load)

    def best_known(self, settings: S, load: LoadSettings) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""
        found = self._sharpening(load).best_known(settings, load)
        return None if found is None else self._named(found, load)

    def has_rough_answer(self, settings: S) -> bool:
        """Say whether settings have a rough answer; it is the same for all ways of replay."""
        model: Model[S] = next(iter(self._replays.all()))
        return bool(model.has_rough_answer(settings))  # type: ignore[attr-defined]

    def settle(self, settings: S, load: LoadSettings, cancelled: Cancelled) -> None:
        """Make one point exact, unless it is cancelled before its turn."""
        self._sharpening(load).settle(settings, load, cancelled)

    def _sharpening(self, load: LoadSettings) -> Sharpening[S]:
        model: Sharpening[S] = self._model(load)  # type: ignore[assignment]
        return model
