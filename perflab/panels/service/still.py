"""`ServiceStill`: the still picture of a service's panel, and what it says in words."""

from __future__ import annotations

from perflab.panels.service.drawing import Drawing
from perflab.panels.service.head import QUESTION
from perflab.panels.still.output import StillOutput
from perflab.panels.still.picture import stacked
from perflab.service import ServicePrediction
from perflab.service.scenarios import ScenarioOutcome

Drawn = Drawing[ServicePrediction] | Drawing[ScenarioOutcome]


class ServiceStill(StillOutput):
    """The main pictures below each other, with their words.

    Args:
        drawings: They, from above.

    Attributes:
        drawings: The same.
    """

    def __init__(self, *drawings: Drawn) -> None:
        self.drawings = drawings
        super().__init__(self._stacked, lambda: self.words)

    @property
    def words(self) -> str:
        """What the panel says, for where it cannot be shown."""
        said = [f"perflab: the panel of a service. {QUESTION} Run this cell to open it."]
        said += [each.alternative.text for each in self.drawings]
        return "\n".join(filter(None, said))

    def _stacked(self) -> bytes:
        return stacked([each.image.value for each in self.drawings])
