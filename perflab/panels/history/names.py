"""`Names`: what the list of tried settings calls the settings and the metrics in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Self

from perflab.bench import AnyBench
from perflab.settings import SettingInfo


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """What a list of tried settings needs to know of what they are of.

    Attributes:
        of: What the settings are of, as files are called: a pattern's name, or ``service``.
        info: Returns what is known of a setting, by its key.
        always: The setting that is named where no two entries differ.
        leading: The metric that is named in each line.
        headline: The metrics of a comparison.
    """

    of: str
    info: Callable[[str], SettingInfo]
    always: str
    leading: str
    headline: tuple[str, ...]

    @classmethod
    def of_bench(cls, bench: AnyBench) -> Self:
        """Return those of a pattern."""
        tuning = bench.tuning
        headline = tuple(bench.display.headline)
        named = bench.identity.pattern
        return cls(named, bench.info, tuning.tuned, tuning.objective.metric, headline)
