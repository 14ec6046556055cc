"""Requests out of the durations in PostgreSQL's log, of which one request may have several."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from perflab.units import counted, grouped

_DURATION = re.compile(r"duration: (\d+(?:\.\d+)?) ms(?:\s+(\w+))?")
# With log_statement, a statement is logged before it runs, and its duration then alone.
_BEFORE = re.compile(r"(statement|execute)\b[^:]*: ")
_STEPS = ("parse", "bind")
_SLACK = 1e-4
# So long after its parse and bind an execute begins, and so long after its end its plan is logged.
_STEP_GAP, _PLAN_GAP = 0.1, 1.0
# Of bare durations, so near to each other are those of one request, beside what times resolve.
_BARE_GAP = 1e-3
_OF_ONE = 3
_ODD_SHARE = 0.05
_MOST_STEPS, _MOST_PLANS = 8, 20_000
_NEAR_SHARE, _NEAR = 0.2, 1e-3


class Duration(NamedTuple):
    """One duration of the log.

    Attributes:
        end: When it was logged, in seconds.
        seconds: How long it took.
        resolution: What the log's times resolve, in seconds.
        zone: The number of the zone of its time.
    """

    end: float
    seconds: float
    resolution: float
    zone: int

    @property
    def start(self) -> float:
        """When it began, as well as the log's times say it."""
        return self.end - self.seconds

    def is_part_of(self, whole: Duration) -> bool:
        """Say whether it was within another of the same process, which was logged later."""
        if self.seconds > whole.seconds + _SLACK:
            return False
        if whole.resolution < 1:
            return self.end >= whole.start  # a process does one thing at a time
        if self.end > whole.start + 2 * whole.resolution:
            return True
        return whole.end - self.end <= whole.resolution and self.is_near(whole)

    def is_near(self, whole: Duration) -> bool:
        """Say whether it took almost as long as another, and not longer."""
        less = whole.seconds - self.seconds
        return -_SLACK <= less <= max(_NEAR_SHARE * whole.seconds, _NEAR)


@dataclass(slots=True)
class _Process:
    """What of a process may still become a part of a request."""

    plans: list[Duration] = field(default_factory=list)
    steps: list[Duration] = field(default_factory=list)
    bare: list[Duration] = field(default_factory=list)
    announced: str = ""
    executed: Duration | None = None


class _Found:
    """Starts, durations and zones of requests."""

    def __init__(self) -> None:
        self.starts = array("d")
        self.seconds = array("d")
        self.zones = array("L")

    def add(self, duration: Duration) -> None:
        self.starts.append(duration.start)
        self.seconds.append(duration.seconds)
        self.zones.append(duration.zone)

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[tuple[float, float, int]]:
        return zip(self.starts, self.seconds, self.zones, strict=True)


class Requests:
    """Takes the log's messages in their order, and puts together those of one request.

    A statement that is logged with its plan (auto_explain) is one request, as are the plans of
    what it ran; so are parse, bind and execute of one prepared statement, whose times are added.
    """

    def __init__(self) -> None:
        self._processes: dict[str, _Process] = {}
        self._found = _Found()
        self._counts: Counter[str] = Counter()
        # Bare durations in threes that look like parse, bind and execute: as one and as three.
        self._threes, self._apart, self._odd = _Found(), _Found(), _Found()

    def announce(self, process: str, message: str) -> None:
        """Take a message without a duration."""
        found = _BEFORE.match(message)
        if found and process:
            self._of(process).announced = found[1]

    def add(self, process: str, kind: str, taken: Duration) -> None:
        """Take a duration.

        Args:
            process: Which process it is of; empty if that is not known.
            kind: ``parse``, ``bind``, ``plan``, a word for a whole statement, or empty.
            taken: The duration.
        """
        state = self._of(process)
        if kind in _STEPS:
            self._counts["steps"] += 1
            if process:
                state.steps = [*state.steps[-_MOST_STEPS:], taken]
        elif kind == "plan":
            self._add_plan(state, taken)
        elif kind or not process:
            self._counts["bare"] += not kind
            self._add_whole(state, taken, executes=kind == "execute")
        elif state.announced:
            executes = state.announced == "execute"
            state.announced = ""
            if executes and not state.steps:
                self._take_bare_steps(state, taken)
            self._add_whole(state, taken, executes=executes)
        else:
            self._add_bare(state, taken)

    def finish(self) -> tuple[list[_Found], tuple[str, ...]]:
        """Return all requests, and what there is to say of how they were put together."""
        for state in self._processes.values():
            self._end_bare(state)
            for plan in state.plans:
                self._leave_plan(plan)
        bare = len(self._apart) + len(self._odd)
        together = len(self._threes) >= _OF_ONE and len(self._odd) <= _ODD_SHARE * bare
        parts = [self._found, self._odd, self._threes if together else self._apart]
        total = sum(map(len, parts))
        return parts, (*self._plan_notes(total), *self._step_notes(total, bare, together=together))

    def _of(self, process: str) -> _Process:
        state = self._processes.get(process)
        if state is None:
            state = self._processes[process] = _Process()
        return state

    def _take_bare_steps(self, state: _Process, taken: Duration) -> None:
        """Take up to two durations right before an announced execute as its parse and bind."""
        start = taken.start
        while state.bare and len(state.steps) < len(_STEPS):
            if state.bare[-1].end < start - _BARE_GAP - 2 * taken.resolution:
                break
            step = state.bare.pop()
            start = step.start
            state.steps.insert(0, step)
            self._counts["steps"] += 1
            self._counts["bare"] -= 1

    def _add_plan(self, state: _Process, plan: Duration) -> None:
        done = state.executed
        # The plan of a prepared statement may be logged when its portal closes, after its end.
        if done is not None and plan.is_near(done) and 0 <= plan.end - done.end <= _PLAN_GAP:
            self._counts["planned"] += 1
            state.executed = None
            return
        state.plans.append(plan)
        if len(state.plans) > _MOST_PLANS:
            for each in state.plans[: _MOST_PLANS // 2]:
                self._leave_plan(each)
            del state.plans[: _MOST_PLANS // 2]

    def _leave_plan(self, plan: Duration) -> None:
        self._counts["plans"] += 1
        self._found.add(plan)

    def _add_whole(self, state: _Process, taken: Duration, *, executes: bool) -> None:
        if state.bare:
            self._end_bare(state)
        if executes:
            taken = self._with_steps(state, taken)
        state.steps.clear()
        if state.plans:
            self._take_plans(state, taken)
        self._found.add(taken)
        state.executed = taken if executes else None

    def _take_plans(self, state: _Process, taken: Duration) -> None:
        for plan in state.plans:
            if plan.is_part_of(taken):
                self._counts["planned"] += 1
            else:
                self._leave_plan(plan)
        state.plans.clear()

    def _with_steps(self, state: _Process, taken: Duration) -> Duration:
        start, seconds = taken.start, taken.seconds
        for step in reversed(state.steps):
            if step.end < start - _STEP_GAP - 2 * taken.resolution:
                break
            self._counts["added"] += 1
            start = min(start, step.start)
            seconds += step.seconds
        return Duration(taken.end, seconds, taken.resolution, taken.zone)

    def _add_bare(self, state: _Process, taken: Duration) -> None:
        last = state.bare[-1] if state.bare else None
        gap = _BARE_GAP + 2 * taken.resolution
        if last is not None and (taken.resolution >= 1 or taken.start - last.end > gap):
            self._end_bare(state)
        self._counts["bare"] += 1
        self._take_plans(state, taken)
        state.bare.append(taken)
        if len(state.bare) > _OF_ONE:
            self._end_bare(state, keep=1)

    def _end_bare(self, state: _Process, keep: int = 0) -> None:
        some = state.bare[: len(state.bare) - keep]
        state.bare = state.bare[len(some) :]
        seconds = [each.seconds for each in some]
        three = len(some) == _OF_ONE and max(seconds) == seconds[-1]
        if three:
            last = some[-1]
            self._threes.add(Duration(last.end, sum(seconds), last.resolution, last.zone))
        for each in some:
            (self._apart if three else self._odd).add(each)

    def _plan_notes(self, total: int) -> Iterator[str]:
        plans, planned = self._counts["plans"], self._counts["planned"]
        if planned:
            yield (
                f"left out: {counted(planned, 'plan')} of auto_explain, of statements that are "
                "in the log with a duration of their own"
            )
        if 0 < plans < total:
            yield (
                f"{grouped(plans)} of {counted(total, 'request')} are plans of auto_explain for "
                "which no statement was found: one that is logged too counts twice, so the rate "
                "may be too high"
            )

    def _step_notes(self, total: int, bare: int, *, together: bool) -> Iterator[str]:
        added = self._counts["added"]
        if added:
            yield (
                f"times of {counted(added, 'parse or bind step')} are added to the requests that "
                "they are part of"
            )
        if self._counts["steps"] > added:
            left = grouped(self._counts["steps"] - added)
            yield f"{left} parse and bind steps left out; they are part of a request"
        if together:
            yield (
                f"{grouped(bare)} durations stand without their statement (log_duration) and are "
                f"read as parse, bind and execute of {counted(len(self._threes), 'request')}; "
                "if they are statements of their own, such as BEGIN, INSERT and COMMIT, log with "
                "log_min_duration_statement = 0 instead"
            )
        elif self._counts["bare"] >= _OF_ONE:
            yield (
                f"{grouped(self._counts['bare'])} of {grouped(total)} durations stand without "
                "their statement (log_duration); parse, bind and execute of one statement may "
                "count as three requests; log with log_min_duration_statement = 0 instead"
            )


def duration_of(message: str) -> tuple[float, str] | None:
    """Return the seconds in a message and the word behind them; None for one without."""
    found = _DURATION.match(message)
    if found is None:
        return None
    rest = message[found.end() :].strip()
    return float(found[1]) / 1e3, found[2] or ("statement" if rest else "")
