"""`Standing`: how the lines of a chart compare at one place, in numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from perflab.bench.parts import WhatIfChart
from perflab.instrumentation.catalog import metric


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """The gain over a reference, the distance to a ceiling, and the best of the rest.

    Attributes:
        chart: Names metric, reference and ceiling.
        values: The metric by line, as far as it is known.
        present: The line of the present settings.
        about: Lines whose value is from a sample, or between two known ones.
    """

    chart: WhatIfChart
    values: Mapping[str, float]
    present: str
    about: frozenset[str] = frozenset()

    @property
    def best(self) -> str | None:
        """The best line, ceilings aside; the present one among equals."""
        rivals = {line: v for line, v in self.values.items() if line != str(self.chart.ceiling)}
        if not rivals:
            return None
        higher = metric(self.chart.metric).better != "lower"
        top = max(rivals.values()) if higher else min(rivals.values())
        equal = [line for line, value in rivals.items() if value == top]
        return self.present if self.present in equal else equal[0]

    def words(self) -> list[str]:
        """Return it in words: value, gain, distance, and the best of those compared."""
        here = self.values.get(self.present)
        if here is None:
            return []
        info = metric(self.chart.metric)
        said = [f"{self.present}: {info.label} {info.format(here)}"]
        for other in (self.chart.reference, self.chart.ceiling):
            there = self.values.get(str(other))
            if other is not None and str(other) != self.present and there is not None:
                difference = info.difference(there, here)
                about = "about " if self.about & {self.present, str(other)} else ""
                said.append(f"{about}{difference} against {other}")
        best = self.best
        if best is None:
            return said
        if best == self.present:
            said.append("best of the policies compared")
        else:
            about = "about " if best in self.about else ""
            said.append(f"best here: {best} with {about}{info.format(self.values[best])}")
        return said
