"""`Names`: what the list of tried settings calls the settings and the metrics in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
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

    def plain(self, settings: Mapping[str, object]) -> dict[str, object]:
        """Return settings as files and results have them; see `plain_values`."""
        return plain_values(self.info, settings)

    @classmethod
    def of_bench(cls, bench: AnyBench) -> Self:
        """Return those of a pattern."""
        tuning = bench.tuning
        headline = tuple(bench.display.headline)
        named = bench.identity.pattern
        return cls(named, bench.info, tuning.tuned, tuning.objective.metric, headline)


def plain_values(
    info: Callable[[str], SettingInfo], settings: Mapping[str, object]
) -> dict[str, object]:
    """Return settings as files and results have them.

    Args:
        info: Returns what is known of a setting, by its key.
        settings: A function among them is told by its name, an address without what is secret.
    """
    infos = {key: info(key) for key in settings}
    return {
        key: infos[key].format(value) if callable(value) else infos[key].shown(value)
        for key, value in settings.items()
    }
