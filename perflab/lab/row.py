"""`Row`: what a run was like at one moment: measured, since the last change, and predicted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping

from perflab.instrumentation.catalog import PREDICTED, SINCE_CHANGE
from perflab.modelling.prediction import Metrics

_OWN = ("seconds", "requests", "virtual_seconds", "version")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Row(Mapping[str, float]):
    """One moment of a run; as a mapping it has the names that files and tables have.

    There a metric of the last second has its own name, one since the last change of settings ends
    with `SINCE_CHANGE`, and one that was predicted for the same requests begins with `PREDICTED`.

    Attributes:
        seconds: Since the start of the run, pauses left out.
        requests: How many requests were done by then.
        virtual_seconds: What the run's own clock showed.
        version: How many changes of settings had been made.
        metrics: Measured in the last second.
        since_change: Measured since the last change of settings.
        predicted: Predicted for the requests since the last change.
    """

    seconds: float
    requests: int
    virtual_seconds: float
    version: int
    metrics: Metrics
    since_change: Metrics
    predicted: Metrics

    @classmethod
    def of(cls, values: Mapping[str, float | None]) -> Row:
        """Return the row that values by those names tell of; what is None is not known."""
        known = {name: value for name, value in values.items() if value is not None}
        row = cls(
            float(known.get("seconds", math.nan)),
            int(known.get("requests", 0)),
            float(known.get("virtual_seconds", math.nan)),
            int(known.get("version", 0)),
            {},
            {},
            {},
        )
        for name, value in known.items():
            if name in _OWN:
                continue
            if name.startswith(PREDICTED):
                row.predicted[name.removeprefix(PREDICTED)] = float(value)
            elif name.endswith(SINCE_CHANGE):
                row.since_change[name.removesuffix(SINCE_CHANGE)] = float(value)
            else:
                row.metrics[name] = float(value)
        return row

    def __getitem__(self, name: str) -> float:
        if name in _OWN:
            own: float = getattr(self, name)
            return own
        if name.startswith(PREDICTED):
            return self.predicted[name.removeprefix(PREDICTED)]
        if name.endswith(SINCE_CHANGE):
            return self.since_change[name.removesuffix(SINCE_CHANGE)]
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        yield from _OWN
        yield from (name for name in self.metrics if name not in _OWN)
        yield from (f"{name}{SINCE_CHANGE}" for name in self.since_change)
        yield from (f"{PREDICTED}{name}" for name in self.predicted)

    def __len__(self) -> int:
        return sum(1 for _ in self)
