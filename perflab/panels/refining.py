"""`Refining`: the one way in which forecasts are computed: newest first, rough before exact."""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from perflab.callbacks import Cancelled, Progress
from perflab.panels.latest import Latest
from perflab.panels.status import StatusLine
from perflab.settings import LoadSettings, Settings
from perflab.tuning.whatif import WhatIf


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One question: what the model says around some settings. Two are never equal."""

    what_if: WhatIf
    settings: Settings
    load: LoadSettings


class Part(ABC):
    """One kind of picture of a forecast: what is computed for it, and how it is drawn.

    `preview` and `refine` call `changed` with the number of results done and of all, ask
    `outdated` between two results, and say whether they came to the end.

    Attributes:
        redraw_seconds: How often it is drawn while results come.
    """

    redraw_seconds: ClassVar[float]

    @abstractmethod
    def show(self, job: Job) -> None:
        """Draw what is known by now."""

    @abstractmethod
    def refine(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Compute what is missing, as sharp as can be."""

    def preview(self, job: Job, changed: Progress, outdated: Cancelled) -> bool:
        """Compute what a part of the workload tells; nothing where nothing is quicker."""
        del job, changed, outdated
        return True

    def progress(self, done: int, total: int) -> str:
        """Return what the status line says while it is refined; nothing for silence."""
        del done, total
        return ""

    def finish(self, job: Job, *, computed: bool) -> None:
        """Draw it refined; `computed` says whether anything was missing."""
        if computed:
            self.show(job)


class Refining:
    """Answers the newest job at once, then refines all parts of it until a newer one comes.

    Args:
        parts: In the order in which they are refined; previews, which are quick where the work is
            slow, come first and in the reverse order.
        answer: Draws what is known at once; says whether the rest is to be computed.
        settled: Told of a job that is as sharp as can be.
        status: Where progress and errors are said.

    Attributes:
        job: The newest job, or None.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        answer: Callable[[Job, Cancelled], bool],
        settled: Callable[[Job], None],
        status: StatusLine,
    ) -> None:
        self._parts = tuple(parts)
        self._answer = answer
        self._settled = settled
        self._status = status
        self.job: Job | None = None
        self._first: Latest[Job] = Latest(self._begin, self._fail, "perflab-what-if")
        self._rest: Latest[Job] = Latest(self._refine, self._fail, "perflab-refine")

    def ask(self, job: Job) -> None:
        """Take a newer job in place of the present one; never waits."""
        self.job = job
        self._first.post(job)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything requested is drawn; say whether that was in time."""
        return self._first.wait(timeout) and self._rest.wait(timeout)

    def close(self) -> None:
        """Stop computing."""
        self._first.close()
        self._rest.close()

    def _begin(self, job: Job, cancelled: Cancelled) -> None:
        if self._answer(job, cancelled):
            self._rest.post(job)

    def _refine(self, job: Job, cancelled: Cancelled) -> None:
        def outdated() -> bool:
            return cancelled() or self.job is not job

        for part in reversed(self._parts):
            drawing = _Drawing(part, job, outdated, None)
            if not part.preview(job, drawing, outdated) or outdated():
                return
            if drawing.computed:
                part.show(job)
        for part in self._parts:
            drawing = _Drawing(part, job, outdated, self._status)
            if not part.refine(job, drawing, outdated) or outdated():
                return
            part.finish(job, computed=drawing.computed)
        if not outdated():
            self._settled(job)

    def _fail(self, error: Exception) -> None:
        self._status.say("what-if", "")
        self._status.fail(error)


class _Drawing:
    """Draws a part now and then while its results come, and says how far it is."""

    def __init__(
        self, part: Part, job: Job, outdated: Cancelled, status: StatusLine | None
    ) -> None:
        self._part, self._job, self._outdated, self._status = part, job, outdated, status
        self._drawn = time.monotonic()
        self.computed = False

    def __call__(self, done: int, total: int) -> None:
        self.computed |= total > 0
        late = time.monotonic() - self._drawn >= self._part.redraw_seconds
        if self._outdated() or not total or (0 < done < total and not late):
            return
        words = self._part.progress(done, total)
        if self._status is not None and words:
            self._status.say("what-if", words, "busy")
        if late:
            self._part.show(self._job)
            self._drawn = time.monotonic()
