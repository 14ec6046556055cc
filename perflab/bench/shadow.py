"""`Shadow` and `ShadowPlan`: how a bench's predictions follow changes of settings in a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Protocol

from perflab.bench.identity import S, S_contra, W
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.settings import Settings


class Shadow(Protocol[S_contra]):
    """A pattern without a backend that does what a live run does: the same requests and changes.

    It is made with the settings that the run began with. One thread at a time uses it.
    """

    def advance(self, count: int, /) -> None:
        """Do the next requests of the workload, which begins again at its end."""

    def change(self, settings: S_contra, load: LoadSettings, /) -> None:
        """Change settings before the next request, as the run did; `metrics` counts from here."""

    def metrics(self, costs: Costs, /) -> Metrics:
        """Return the metrics of all requests since the last change, at these costs."""


def _always_follows(_workload: object, _settings: Settings, _load: LoadSettings) -> None:
    return None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPlan(Generic[S, W]):
    """How a bench's predictions follow changes of settings in a run.

    Attributes:
        make: Returns the shadow of a run, given its workload and the settings it began with.
        refusal: Returns why there is none at some settings, in a few words; None where there is.
        holds: Whether a run is changed between two requests, at none of which it waits: a queue
            that drained first would not be what users see.
    """

    make: Callable[[W, S, LoadSettings], Shadow[S]]
    refusal: Callable[[W, S, LoadSettings], str | None] = _always_follows
    holds: bool = True
