"""What a panel asks of a model whose answers are rough at first: how known, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from perflab.bench.model import AnyModel, Sharpening
from perflab.callbacks import Cancelled
from perflab.modelling.prediction import Prediction
from perflab.settings import LoadSettings, Settings


class BandedLine(tuple[list[float], list[float]]):  # noqa: SLOT001 - a tuple has no room for slots
    """A line of a chart, places and values, with the edges of the band around it.

    Attributes:
        low: The lower edge at each place.
        high: The upper edge.
    """

    low: list[float]
    high: list[float]

    @classmethod
    def of(cls, places: Sequence[float], known: Sequence[Prediction], metric: str) -> BandedLine:
        """Return the line of a metric along some places."""
        line = cls(([*places], [each.metrics[metric] for each in known]))
        for edge in ("low", "high"):
            ends = [getattr(each, edge) or each.metrics for each in known]
            setattr(line, edge, [end.get(metric, float("nan")) for end in ends])
        return line


def known(model: AnyModel, settings: Settings, load: LoadSettings) -> Prediction | None:
    """Return the sharpest answer that a model has by now, if it has one."""
    # Asked for each point of each line: looking for the name costs a hundredth of isinstance.
    sharpest = getattr(model, "best_known", None)
    if sharpest is not None:
        answer: Prediction | None = sharpest(settings, load)
        return answer
    return model.predict(settings, load) if model.ready(settings, load) else None


class Rounds:
    """The work of making answers sharper: what is to be done, and how each is done.

    The present line comes first: each of its points twice roughly, coarse before fine, then each
    sharply; so do the other lines. Then the present point is made exact, and at last come those
    points that have no rough answer.

    Args:
        model: What is asked.
        present: The present settings.
        load: The load's present settings.
        along: The settings of the horizontal axes, which may differ on the present line.
    """

    def __init__(
        self,
        model: Sharpening[Settings],
        present: Settings,
        load: LoadSettings,
        along: Sequence[str],
    ) -> None:
        self._model = model
        self._present = present
        self._load = load
        self._along = along

    def steps(
        self, missing: Sequence[Settings], cancelled: Cancelled
    ) -> Iterator[Callable[[], object]]:
        """Yield what to do, most wanted first.

        Args:
            missing: The settings without a sharp answer, most wanted first.
            cancelled: Asked before a point is made exact, which may take long.
        """
        line = [there for there in missing if self._is_beside(there)]
        others = [there for there in missing if not self._is_beside(there)]
        for some in (line, others):
            rough = [there for there in some if self._model.has_rough_answer(there)]
            for ask in (self._model.preview, self._model.preview, self._model.predict):
                yield from (_asked(ask, there, self._load) for there in rough)
        found = self._model.best_known(self._present, self._load)
        if found is None or found.sampled < 1:
            yield lambda: self._model.settle(self._present, self._load, cancelled)
        for there in (*line, *others):
            if not self._model.has_rough_answer(there):
                yield _asked(self._model.predict, there, self._load)

    def _is_beside(self, there: Settings) -> bool:
        moved = {key: getattr(self._present, key) for key in self._along}
        return there.change(**moved) == self._present


def _asked(ask: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: ask(*arguments)
