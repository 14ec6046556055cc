"""`Standing`: how the lines of a chart compare at one place, in numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from perflab.bench import AnyBench
from perflab.bench.parts import WhatIfChart
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """The gain over a reference, the distance to a ceiling, and the best of the rest.

    Attributes:
        chart: Names metric, reference and ceiling.
        values: The metric by line, as far as it is known.
        present: The line of the present settings.
        about: Lines whose value is from a sample, or between two known ones.
        runnable: Lines that can be the best; none for all.
        titles: What people call some of the lines.
    """

    chart: WhatIfChart
    values: Mapping[str, float]
    present: str
    about: frozenset[str] = frozenset()
    runnable: frozenset[str] | None = None
    titles: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def best(self) -> str | None:
        """The best line that can run, ceilings aside; the present one among equals."""
        rivals = {line: self.values[line] for line in self.values if line not in self._apart}
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
        said = [f"{self._title(self.present)}: {info.label} {info.format(here)}"]
        for other in (self.chart.reference, self.chart.ceiling):
            there = self.values.get(str(other))
            if other is not None and str(other) != self.present and there is not None:
                difference = info.difference(there, here)
                about = "about " if self.about & {self.present, str(other)} else ""
                said.append(f"{about}{difference} against {self._title(str(other))}")
        best = self.best
        if best is None:
            return said
        if best == self.present:
            left_out = self._apart - {str(self.chart.ceiling)}
            said.append(f"best of the policies {'that can run' if left_out else 'compared'}")
        else:
            about = "about " if best in self.about else ""
            said.append(
                f"best here: {self._title(best)} with {about}{info.format(self.values[best])}"
            )
        return said

    def _title(self, line: str) -> str:
        return self.titles.get(line, line)

    @property
    def _apart(self) -> set[str]:
        """The lines that are no choice."""
        known = self.values.keys() if self.runnable is None else self.runnable
        return {*(self.values.keys() - known), str(self.chart.ceiling)}


def runnable(chart: WhatIfChart, bench: AnyBench) -> dict[str, object]:
    """Return by the label of its line each value of a chart's setting that is not what-if only."""
    found: dict[str, object] = {}
    for value in chart.values if chart.lines else ():
        try:
            bench.live.check(*bench.read({str(chart.lines): value}))
        except BadInputError:
            continue
        found[str(value)] = value
    return found
