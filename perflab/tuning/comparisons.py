"""`Comparisons`: any number of results, each beside the first."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from perflab.bench import load_bench
from perflab.errors import BadInputError, shown
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import metric
from perflab.lab.result import Result
from perflab.tuning.comparison import Comparison, aligned, compare, read_result
from perflab.units import counted

if TYPE_CHECKING:
    import pandas as pd

MOST = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Comparisons(Result):
    """Several results of one pattern, each compared with the first.

    Attributes:
        pattern: The pattern's name.
        comparisons: Of the first result with each other one, in their order.
    """

    kind: ClassVar[str] = "comparisons"
    made_by: ClassVar[str] = "perflab compare A.json B.json C.json..."

    pattern: str
    comparisons: tuple[dict[str, object], ...]

    @property
    def each(self) -> tuple[Comparison, ...]:
        """The comparisons."""
        return tuple(Comparison.from_dict(values) for values in self.comparisons)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a metric, and a column for each result: A, B, C ..."""
        import pandas as pd

        found: dict[str, dict[str, float]] = {}
        for letter, comparison in zip(string.ascii_uppercase[1:], self.each, strict=False):
            for row in comparison.metrics:
                found.setdefault(row["metric"], {"A": row["a"]})[letter] = row["b"]
        return pd.DataFrame.from_dict(found, orient="index").rename_axis("metric")

    def to_text(self) -> str:
        """Return them as a table for a terminal: each result, with what it is beside the first."""
        each = self.each
        letters = string.ascii_uppercase[: len(each) + 1]
        lines = [f"A: {shown(each[0].a)}"]
        lines += [f"{name}: {shown(one.b)}" for name, one in zip(letters[1:], each, strict=True)]
        by_name = [{row["metric"]: row for row in one.metrics} for one in each]
        rows = [["metric", *letters]]
        for name in dict.fromkeys(name for rows_of in by_name for name in rows_of):
            info = metric(name)
            known = [rows_of.get(name) for rows_of in by_name]
            first = next(row["a"] for row in known if row is not None)
            cells = [
                "" if row is None else f"{info.format(row['b'])} ({row['judgement']})"
                for row in known
            ]
            rows.append([info.label, info.format(first), *cells])
        return "\n".join([*lines, "", *aligned(rows), *self._settings(letters), *self._notes()])

    def _settings(self, letters: Sequence[str]) -> list[str]:
        bench = load_bench(self.pattern)
        by_key = [{row["key"]: row for row in one.settings} for one in self.each]
        keys = dict.fromkeys(key for rows_of in by_key for key in rows_of)
        if not keys:
            return ["", "The settings are the same."]
        rows = [["setting", *letters]]
        for key in keys:
            info = bench.info(key)
            first = next(rows_of[key]["a"] for rows_of in by_key if key in rows_of)
            # What differs from the first in one of them is as in the first in the others.
            others = [rows_of[key]["b"] if key in rows_of else first for rows_of in by_key]
            rows.append([key, *(info.title(value) for value in (first, *others))])
        return ["", *aligned(rows)]

    def _notes(self) -> list[str]:
        notes = dict.fromkeys(note for one in self.each for note in one.notes)
        return ["", *(f"Note: {shown(note)}" for note in notes)] if notes else []


@naming_extra("cli")
def compare_all(results: Sequence[Result | str | Path]) -> Comparison | Comparisons:
    """Compare results: two with each other, more of them each with the first.

    Raises:
        BadInputError: If there are too few or too many, they are of unlike patterns, or one is a
            sweep of several points.
    """
    if not 2 <= len(results) <= MOST:
        found = counted(len(results), "result")
        raise BadInputError(f"takes 2 to {MOST} results, not {found}", "compare")
    # Read once each: a pipe can be read only once.
    known = [read_result(each) for each in results]
    made = [compare(known[0], other) for other in known[1:]]
    if len(made) == 1:
        return made[0]
    return Comparisons(made[0].pattern, tuple(one.to_dict() for one in made))
