"""What was measured elsewhere, with what is predicted at the same places."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
from perflab.bench.parts import Observed
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, Settings


def observed_beside(
    bench: AnyBench,
    model: Callable[[], AnyModel],
    settings: Settings,
    load: LoadSettings,
    costs: Costs,
    swept: Collection[str] = (),
) -> dict[str, object]:
    """Return what was measured elsewhere and what is predicted there, as plain values.

    Args:
        bench: Whose.
        model: Returns the model to ask, made with these costs; not called without a measurement.
        settings: The pattern's settings.
        load: The load's settings.
        costs: What was measured.
        swept: Settings that differ from point to point; beside lines of several there is nothing.

    Returns:
        The fields of `Observed`; nothing where there is nothing.

    Raises:
        BadInputError: If what was measured cannot be read.
    """
    found = bench.display.observed(settings, costs)
    if found is None or set(swept) - {found.along}:
        return {}
    asked = model()

    def at(place: int) -> Metrics:
        there = settings.change(**{found.along: place})
        return asked.predict(there, load).metrics

    predicted = []
    for place in found.places:
        low, high = at(math.floor(place)), at(math.ceil(place))
        share = place - math.floor(place)
        predicted.append({name: low[name] + share * (high[name] - low[name]) for name in low})
    return dataclasses.asdict(dataclasses.replace(found, predicted=tuple(predicted)))


def observed_of(values: Mapping[str, Any]) -> Observed | None:
    """Return what `observed_beside` returned; none where that was nothing."""
    if not values:
        return None
    names = [field.name for field in dataclasses.fields(Observed)]
    return Observed(**{name: values.get(name, ()) for name in names})
