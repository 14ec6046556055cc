"""`Model`: what every pattern's what-if answers."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar, runtime_checkable

from perflab.callbacks import Cancelled
from perflab.modelling.prediction import Costs, Prediction
from perflab.settings import LoadSettings, Settings

S_contra = TypeVar("S_contra", bound=Settings, contravariant=True)
"""The settings of a pattern, where they are only taken."""


class Model(Protocol[S_contra]):
    """What-if: predictions for one workload at the costs with which it was made.

    It keeps what it has computed.
    """

    def predict(
        self, settings: S_contra, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them.

        A slice that reaches beyond the workload's end means that it begins again.
        """

    def prepare(self) -> None:
        """Compute what most answers lean on, once; a long work that a caller may show."""

    def ready(self, settings: S_contra, load: LoadSettings) -> bool:
        """Say whether `predict` would answer at once, from what is already computed."""

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same workload at other costs.

        The two share what they have computed and what does not depend on costs. A run asks so
        about once a second.
        """


@runtime_checkable
class Previewing(Protocol[S_contra]):
    """A model that can answer quickly from a part of its workload."""

    def preview(self, settings: S_contra, load: LoadSettings) -> Prediction:
        """Return a first prediction; `sampled` says from what share of the workload."""


@runtime_checkable
class Sharpening(Model[S_contra], Previewing[S_contra], Protocol[S_contra]):
    """A model of a large workload: its answers are rough at first, and sharper bit by bit.

    `preview` is a first answer, and asked again a better one; `predict` gives a sharp one though
    not exact, and `settle` makes it exact.
    """

    def best_known(self, settings: S_contra, load: LoadSettings) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""

    def has_rough_answer(self, settings: S_contra) -> bool:
        """Say whether settings have a rough answer; else only an exact one, which takes long."""

    def settle(self, settings: S_contra, load: LoadSettings, cancelled: Cancelled) -> None:
        """Make one point exact, unless it is cancelled before its turn."""
