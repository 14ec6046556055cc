"""`Decision`: ship, do not ship or look closer, by one rule.

1. **Do not ship** where a threshold failed (a limit of tuning or the target of its objective at the
   settings to ship, or an alert of a run), where no setting reaches the objective, or where the
   change is for the worse under the same load, by more than noise.
2. **Needs a look** where none of these holds, but the answer may not be relied on: nothing was
   measured at the settings to ship, a run had another load than what it is compared with, is worse
   within noise, is doubtful or too short, requests failed, the model does not hold for the run,
   running in turns says otherwise, a threshold could not be checked, or nothing says what is good
   enough: no recommendation, no earlier run to compare with, and no threshold.
3. **Ship** where neither holds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

from perflab.bench import AnyBench
from perflab.reports.report_scope import AnyResult, ReportScope
from perflab.reports.thresholds import Threshold, thresholds_of
from perflab.reports.trust import Check, checks_of, model_checks, run_to_ship
from perflab.reports.wording import sentence
from perflab.units import counted

Answer = Literal["ship", "do not ship", "needs a look"]

RULE = (
    "Do not ship: a threshold failed, no setting reaches the objective, or the change is for the "
    "worse. Needs a look: nothing was measured at these settings and this load, a run is doubtful "
    "or worse within noise, requests failed, the model is off, or nothing says what is good "
    "enough. Ship: none of these."
)
"""What `decision_of` goes by, for readers."""

WORDS: dict[Answer, str] = {
    "ship": "Ship",
    "do not ship": "Do not ship",
    "needs a look": "Needs a look",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """The answer in one of three words, with what it is derived from.

    Attributes:
        answer: What to do.
        reasons: Why not to ship, or what to look at, a sentence each; empty where it is to ship.
        thresholds: What was to be kept, and whether it was.
        checks: What was looked at to know whether the answer can be relied on.
    """

    answer: Answer
    reasons: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    checks: tuple[Check, ...]

    @property
    def words(self) -> str:
        """The answer with a capital."""
        return WORDS[self.answer]

    @property
    def counted_thresholds(self) -> str:
        """How many thresholds passed and failed, in words; empty where there is none."""
        if not self.thresholds:
            return ""
        passed = sum(each.passed is True for each in self.thresholds)
        failed = sum(each.passed is False for each in self.thresholds)
        words = f"{passed} of {counted(len(self.thresholds), 'threshold')} passed"
        return f"{words}, {failed} failed" if failed else words


def decision_of(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> Decision:
    """Return the answer that the rule of this module gives."""
    thresholds = thresholds_of(scope, results)
    checks = (
        *checks_of(scope, results),
        *model_checks(bench, run_to_ship(scope, results)),
    )
    stops = tuple(_stops(scope, thresholds))
    doubts = (
        *(check.text for check in checks if not check.ok),
        *_unchecked(thresholds),
        *_nothing_to_judge(scope, thresholds),
    )
    if stops:
        return Decision("do not ship", (*stops, *doubts), thresholds, checks)
    return Decision("needs a look" if doubts else "ship", doubts, thresholds, checks)


def _stops(scope: ReportScope, thresholds: Sequence[Threshold]) -> Iterator[str]:
    if scope.unreached:
        yield sentence(scope.unreached)
    if scope.is_worse:
        yield "The change is for the worse."
    for each in thresholds:
        if each.passed is False:
            yield sentence(f"{each.kind} failed: {each.text}; {each.found}")


def _unchecked(thresholds: Sequence[Threshold]) -> Iterator[str]:
    for each in thresholds:
        if each.passed is None:
            yield sentence(f"{each.kind} not checked: {each.text}; {each.found}")


def _nothing_to_judge(scope: ReportScope, thresholds: Sequence[Threshold]) -> Iterator[str]:
    if scope.recommendation is None and scope.before is None and not thresholds:
        yield "No limit or alert was set, so nothing says what is good enough."
