"""`Check`: what a gate has found, condition by condition."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from typing_extensions import TypedDict

from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.units import counted

Verdict = Literal["held", "broken", "open"]
"""What came of a condition; ``open`` held in the mean, but noise may hide that it is broken."""


class Condition(TypedDict):
    """One condition and what came of it.

    Attributes:
        condition: As an option has it, such as ``hit_rate>=0.8`` or ``memory_bytes=5%``.
        kind: ``limit`` for a bound, ``max_worse`` for one on the change from the baseline.
        metric: The metric's name.
        before: The baseline's value, or its mean over rounds; None where it has none.
        after: The value of the settings that are checked, likewise.
        change: In words, such as ``-1.2 points``.
        interval: The confidence interval of the change, or of the value for a limit, in words;
            empty of a prediction, which has no noise.
        verdict: What came of it.
    """

    condition: str
    kind: Literal["limit", "max_worse"]
    metric: str
    before: float | None
    after: float | None
    change: str
    interval: str
    verdict: Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class Check(Result):
    """The result of a gate.

    Attributes:
        pattern: The pattern's name.
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        baseline: The baseline's file and what it is, in words.
        before: The baseline's settings, of the pattern and of the load.
        settings: Those that were checked.
        conditions: Each with its verdict.
        live: Whether both were run in turns; else both were predicted.
        rounds: How many rounds of turns counted.
        seconds: How long the turns took.
        sources: Where each setting was given that is not the baseline's.
        calibration: The costs used: the baseline's own.
        environment: Machine, versions and date.
        notes: What a reader must know.
    """

    kind: ClassVar[str] = "check"
    made_by: ClassVar[str] = "perflab check BASELINE.json --out FILE"

    pattern: str
    workload: AboutWorkload
    baseline: str
    before: dict[str, object]
    settings: dict[str, object]
    conditions: tuple[Condition, ...]
    live: bool = False
    rounds: int = 0
    seconds: float = 0.0
    sources: dict[str, object] = dataclasses.field(default_factory=dict)
    calibration: dict[str, object] = dataclasses.field(default_factory=dict)
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether no condition is broken."""
        return not self.broken

    @property
    def broken(self) -> tuple[Condition, ...]:
        """The conditions that are broken."""
        return tuple(each for each in self.conditions if each["verdict"] == "broken")

    @property
    def changed(self) -> tuple[str, ...]:
        """The settings that are other than the baseline's, by name."""
        keys = dict.fromkeys((*self.before, *self.settings))
        return tuple(key for key in keys if self.before.get(key) != self.settings.get(key))

    @property
    def headline(self) -> str:
        """The result in a sentence."""
        count, broken = len(self.conditions), self.broken
        how = f"measured in {self.rounds} rounds" if self.live else "predicted"
        if broken:
            verb = "is" if len(broken) == 1 else "are"
            return f"{len(broken)} of {counted(count, 'condition')} {verb} broken ({how})"
        word = "The condition holds" if count == 1 else f"All {count} conditions hold"
        undecided = sum(each["verdict"] == "open" for each in self.conditions)
        noise = f"; {undecided} within noise" if undecided else ""
        return f"{word} ({how}{noise})"
