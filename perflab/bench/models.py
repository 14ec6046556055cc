"""`Models`: which further models a bench has beside its exact one, and what they refuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic

from perflab.bench.identity import S, W
from perflab.bench.model import Model
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings, Settings


def _all_answered(_settings: Settings, _load: LoadSettings, _workload: object) -> None:
    return None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Models(Generic[S, W]):
    """What a bench can be asked beside its exact model.

    Attributes:
        check: Refuses settings that the model cannot answer for a workload, by `BadInputError`
            with the reason.
        quick: Returns the model that a panel asks where a workload is large, given the workload
            and the costs; it begins rough.
        sampled: Returns the model on a sample of the workload, given workload, costs and share.
        sampled_by: The same by a method of sampling that the user names.
    """

    check: Callable[[S, LoadSettings, W], None] = _all_answered
    quick: Callable[[W, Costs], Model[S]] | None = None
    sampled: Callable[[W, Costs, float], Model[S]] | None = None
    sampled_by: Callable[[W, Costs, float, str], Model[S]] | None = None
