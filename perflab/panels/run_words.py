"""What the status line says of a run: what it is doing, for how long, and what is left."""

from __future__ import annotations

import dataclasses
from typing import Literal

from perflab.lab.rounds import round_of
from perflab.panels.status import Mood
from perflab.units import counted, grouped, in_words

Phase = Literal["starting", "calibrating", "running", "paused", "stopping"]

GOES_ON = "goes on when this tab is closed"

_MINUTE = 60.0
_MOODS: dict[Phase, Mood] = {"running": "live", "paused": "held"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunWords:
    """One look at a run.

    Attributes:
        phase: What it is doing.
        waited: Seconds since Run was pressed.
        measured: Seconds that it has measured, pauses left out.
        requests: How many requests it has done.
        left: Seconds until it ends by its limit; none where there is no limit.
        limit: The limit in words; empty where there is none.
        round_number: Which round of a calibration it makes, as `round_of` takes it.
        round_total: How many there are; none where that is not known.
        notice: What else to know before it runs.
    """

    phase: Phase
    waited: float = 0.0
    measured: float = 0.0
    requests: int = 0
    left: float | None = None
    limit: str = ""
    round_number: int = 0
    round_total: int | None = None
    notice: str = ""

    @property
    def mood(self) -> Mood:
        """How the line looks."""
        return _MOODS.get(self.phase, "busy")

    @property
    def text(self) -> str:
        """The line itself."""
        if self.phase == "starting":
            ends = f"ends after {self.limit}" if self.limit else "has no limit"
            return "; ".join(
                filter(None, (f"starting, {_s(self.waited)}", f"{GOES_ON}, {ends}", self.notice))
            )
        if self.phase == "calibrating":
            made = f"{round_of(self.round_number, self.round_total)}, {_s(self.waited)}"
            said = f"calibrating before the run, as no costs of this machine fit: {made}"
            return f"{said}; {self.notice}" if self.notice else said
        if self.phase == "stopping" and not self.measured:
            return "stopping"
        done = f"{_s(self.measured)}, {self._rest()}{counted(self.requests, 'request')}"
        joint = {"running": "running,", "paused": "paused at", "stopping": "stopping after"}
        return f"{joint[self.phase]} {done}"

    def _rest(self) -> str:
        if self.phase == "stopping":
            return ""
        if self.left is None:
            return "no limit, "
        return f"{_steady(max(0.0, self.left))} left, "


def ended(verb: str, measured: float, requests: int, why: str = "") -> str:
    """Return what is said once a run is over.

    Args:
        verb: ``ended``, or ``run failed``.
        measured: Seconds that it has measured.
        requests: How many requests it has done.
        why: What ended it, if not the user.
    """
    said = f"{verb} after {_s(measured)}, {counted(requests, 'request')}"
    return f"{said}: {why}" if why else said


def _steady(seconds: float) -> str:
    """Return whole seconds, or tenths of a minute where it is more than one."""
    if seconds < _MINUTE:
        return _s(seconds)
    step = _MINUTE / 10
    return in_words(round(seconds / step) * step, "seconds")


def _s(seconds: float) -> str:
    return f"{grouped(round(seconds))} s"
