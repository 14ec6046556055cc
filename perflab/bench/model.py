"""`Model` and `Histories`: what a bench's what-if answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from perflab.modelling.model import Model, Previewing, Sharpening
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.modelling.history import History

__all__ = ["AnyModel", "Histories", "Model", "Previewing", "Sharpening"]


class Histories(Protocol):
    """How metrics go over a workload's own time, by the value of one setting; keeps its answers."""

    def best_known(self, value: Any, load: LoadSettings) -> History | None:
        """Return the sharpest answer that there is by now, without computing one."""

    def preview(self, value: Any, load: LoadSettings) -> History:
        """Return an answer at once, if need be from a part of the workload."""

    def settle(self, value: Any, load: LoadSettings) -> History:
        """Return the sharpest answer that there is."""


AnyModel = Model[Any]
"""A model of any pattern."""
