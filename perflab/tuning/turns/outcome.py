"""`Outcome`: what came of turns, in a sentence, and the document that a result keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping

from perflab.instrumentation.catalog import metric
from perflab.tuning.objective import write_slack
from perflab.tuning.points import Point
from perflab.tuning.reach import FAILURES, changes
from perflab.tuning.search import Search
from perflab.tuning.turns.contenders import (
    NOW,
    broken_limits,
    means_of,
    shipped_of,
    shown_harm,
)
from perflab.tuning.turns.difference import Difference
from perflab.tuning.turns.document import Compared, Contender, TurnsTaken
from perflab.tuning.turns.judge import Judge, Verdict
from perflab.tuning.turns.runner import Taken
from perflab.units import counted, in_words, percent

_VERDICTS: dict[Verdict, str] = {
    "better": "better than",
    "worse": "worse than",
    "alike": "as good as",
    "open": "not yet distinguishable from",
}


class Outcome:
    """Puts what turns have measured into words.

    Args:
        search: What was looked for.
        points: The contenders, the recommended one first.
        judge: Compares them.
        taken: What was measured.
        budget: The seconds that it might take.
        unlike: Why what was run tells little of the whole workload, in a sentence; empty where it
            does. Nothing but the first contender is then shipped.
    """

    def __init__(
        self,
        search: Search,
        points: Mapping[str, Point],
        judge: Judge,
        taken: Taken,
        budget: float,
        unlike: str = "",
    ) -> None:
        self._search, self._points = search, points
        self._judge, self._taken, self._budget = judge, taken, budget
        self._first, *self._others = points
        self._differences = {name: judge.difference(taken.rounds, name) for name in self._others}
        self._info = metric(judge.goal.metric)
        self._unlike = unlike
        self.shipped = self._first if unlike else shipped_of(search, points, judge, taken)

    def words(self) -> str:
        """Return which is better by how much, with interval and rounds, or why that is open."""
        said = [f"{self._begin()}{self._compared()}."]
        said += [
            f"{self._named(name)} could not run: {why}." for name, why in self._taken.failed.items()
        ]
        if self._unlike:
            said.append(self._unlike)
        elif self.shipped != self._first:
            said.append(f"Ship {self._named(self.shipped)} instead.")
        elif any(self._judge.verdict(each) == "worse" for each in self._differences.values()):
            said.append(self._stays())
        return " ".join((*said, *self._harms(), *self._broken_limits()))

    def harm(self) -> str:
        """Return what is worse with what is shipped than now, as measured; empty if nothing is."""
        return self._harm(self.shipped)

    def document(self, turn: float, most_requests: int | None) -> TurnsTaken:
        """Return all of it as a result keeps it.

        Args:
            turn: How many seconds the first turn of each took.
            most_requests: After how many requests later turns ended; none where by the seconds.
        """
        return {
            "metric": self._judge.goal.metric,
            "outcome": self.words(),
            "shipped": self.shipped,
            "ended": self._taken.ended,
            "confidence": self._judge.confidence,
            "seconds": self._taken.seconds,
            "budget_seconds": self._budget,
            "turn_seconds": turn,
            "most_requests": most_requests,
            "contenders": [self._contender(name) for name in self._points],
        }

    def _begin(self) -> str:
        rounds = counted(len(self._taken.rounds), "round")
        if self._taken.ended == "decided":
            return f"Run in turns over {rounds}, "
        early = {
            "budget": f"The budget of {in_words(self._budget, 'seconds')} was over",
            "cancelled": "The turns were cancelled",
            "interrupted": "The turns were interrupted",
        }[self._taken.ended]
        return f"{early} after {rounds}, before everything was decided: "

    def _compared(self) -> str:
        """Return the comparisons as the rest of a sentence."""
        first = self._named(self._first)
        if not self._others:
            return f"{first} has no rival to compare it with"
        known = {name: each for name, each in self._differences.items() if each.rounds}
        if not self._taken.rounds:
            return f"{first} was not compared with any other"
        if not known:
            return f"no run measures the {self._info.plain}, so that nothing could be compared"
        label, clauses = f"{self._info.plain} ", []
        for name, found in known.items():
            clauses.append(self._clause(name, found, label))
            label = ""
        return f"{first} is {'; '.join(clauses)}"

    def _clause(self, name: str, found: Difference, label: str) -> str:
        verdict = self._judge.verdict(found)
        more = [f"within {write_slack(self._judge.goal)}"] if verdict == "alike" else []
        if math.isfinite(found.low):
            confidence = percent(self._judge.confidence)
            more.append(f"{confidence} interval {found.interval_words}")
        said = f"{_VERDICTS[verdict]} {self._named(name)}: {label}{found.mean_words}"
        return f"{said} ({', '.join(more)})" if more else said

    def _stays(self) -> str:
        """Return why the first is shipped although another one is better, of what was checked."""
        own, now = (means_of(self._taken.rounds, name) for name in (self._first, NOW))
        why = ["it is the smallest that is good enough"]
        limits = self._search.limits
        measured = all(limit.metric in own for limit in limits)
        if limits and measured and not broken_limits(self._search, own):
            why.append("keeps the limits")
        known = [name for name in FAILURES if name in own and name in now]
        if known and all(own[name] <= now[name] for name in known):
            why.append(f"adds no {' or '.join(metric(name).plain for name in known)}")
        reasons = " and ".join([", ".join(why[:-1]), why[-1]] if len(why) > 1 else why)
        return f"It stays recommended: {reasons}."

    def _harms(self) -> list[str]:
        """Return what the first, and what is shipped, make worse than now, a sentence each."""
        return [
            said
            for name in dict.fromkeys((self._first, self.shipped))
            if (said := self._harm(name))
        ]

    def _harm(self, name: str) -> str:
        harm = shown_harm(self._taken.rounds, name, self._judge)
        if not harm:
            return ""
        now, own = (means_of(self._taken.rounds, each) for each in (NOW, name))
        said = changes(harm, now, own)
        return f"Compared in the turns with {self._named(NOW)}, {self._named(name)} has {said}."

    def _broken_limits(self) -> list[str]:
        """Return which limits what is to be shipped did not keep in the turns, a sentence each."""
        found = means_of(self._taken.rounds, self.shipped)
        return [
            f"In the turns {self._named(self.shipped)} did not keep {limit}: "
            f"{metric(limit.metric).format(found[limit.metric])}."
            for limit in broken_limits(self._search, found)
        ]

    def _named(self, name: str) -> str:
        return f"{self._search.write(self._points[name])} ({name})"

    def _contender(self, name: str) -> Contender:
        rounds = [each[name] for each in self._taken.rounds if name in each]
        found = self._differences.get(name)
        return {
            "name": name,
            "written": self._search.write(self._points[name]),
            "settings": self._points[name]["settings"],
            "rounds": [dict(each) for each in rounds],
            "failed": self._taken.failed.get(name, ""),
            "compared": None if found is None else self._as_compared(found),
        }

    def _as_compared(self, found: Difference) -> Compared:
        return {
            "verdict": self._judge.verdict(found),
            "rounds": found.rounds,
            "mean": _known(found.mean),
            "low": _known(found.low),
            "high": _known(found.high),
            "relative": found.relative,
        }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
