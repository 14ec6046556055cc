"""`Advice`: which patterns would help, in what order, and why."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from typing_extensions import TypedDict

from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result


class Suggestion(TypedDict):
    """What advice says of one pattern.

    Attributes:
        pattern: Its name.
        title: What a heading calls it.
        verdict: ``yes``, ``maybe``, ``no``, or ``unknown`` where nothing tells.
        reason: One sentence with the number that decides.
        settings: First settings by key; empty where none follow.
        settings_reason: Why these, in one sentence; empty where they follow from the reason.
        metrics: Predicted at them; empty where no model was asked.
        against: What speaks against the pattern, a sentence each.
        missing: The questions whose answers would decide, or change the settings.
        notebook: The notebook to open; empty where there is none.
        command: What to run next.
    """

    pattern: str
    title: str
    verdict: str
    reason: str
    settings: dict[str, object]
    settings_reason: str
    metrics: dict[str, float]
    against: list[str]
    missing: list[str]
    notebook: str
    command: str


@dataclasses.dataclass(frozen=True, slots=True)
class Advice(Result):
    """The result of asking for advice.

    Attributes:
        headline: The answer in one sentence: what would help most, or that nothing would.
        suggestions: One for each pattern, those that help most first.
        facts: What the file tells, by the key of a question and further names.
        answers: What was answered.
        not_told: What could not be told, a sentence each, with the answer that would.
        workload: The file or workload, as of other results; empty for answers alone.
        environment: Machine, versions and date.
        notes: What a reader must know.
    """

    kind: ClassVar[str] = "advice"
    made_by: ClassVar[str] = "perflab advise ... --out FILE"

    headline: str
    suggestions: tuple[Suggestion, ...]
    facts: dict[str, float] = dataclasses.field(default_factory=dict)
    answers: dict[str, object] = dataclasses.field(default_factory=dict)
    not_told: tuple[str, ...] = ()
    workload: AboutWorkload = dataclasses.field(default_factory=AboutWorkload)
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, pattern: str) -> Suggestion:
        """Return what advice says about one pattern.

        Raises:
            KeyError: If nothing is.
        """
        return {each["pattern"]: each for each in self.suggestions}[pattern]

    @property
    def helpful(self) -> tuple[Suggestion, ...]:
        """The patterns that would help, or may, those that help most first."""
        return tuple(each for each in self.suggestions if each["verdict"] in ("yes", "maybe"))
