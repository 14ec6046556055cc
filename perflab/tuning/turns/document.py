"""`TurnsTaken`: what was measured in turns, as a recommendation and its file have it."""

from __future__ import annotations

from pydantic import ConfigDict, with_config

# That of `typing` is not known to pydantic before Python 3.12.
from typing_extensions import TypedDict

from perflab.settings import SettingValues


@with_config(ConfigDict(extra="allow"))
class Compared(TypedDict):
    """How the first contender differs from another one.

    Attributes:
        verdict: What the first is: ``better``, ``worse``, ``alike`` within the tolerance of the
            objective, or ``open``.
        rounds: Over how many rounds; both are in each.
        mean: The mean difference of the objective, the first less this one; None without a round.
        low: The lower end of its interval; None where it is not known yet.
        high: The upper end.
        relative: Whether the three are shares of this one's value.
    """

    verdict: str
    rounds: int
    mean: float | None
    low: float | None
    high: float | None
    relative: bool


@with_config(ConfigDict(extra="allow"))
class Contender(TypedDict):
    """Settings that were run in turns.

    Attributes:
        name: What they are: ``recommended``, ``now``, ``knee``, ``best``.
        written: The settings that tuning looks for, in words.
        settings: All of them, of the pattern and of the load.
        rounds: The metrics of each round that it was in, in order; they are the first ones.
        failed: Why it could not run; empty where it could.
        compared: The first contender compared with it; None of the first itself.
    """

    name: str
    written: str
    settings: SettingValues
    rounds: list[dict[str, float | None]]
    failed: str
    compared: Compared | None


@with_config(ConfigDict(extra="allow"))
class TurnsTaken(TypedDict):
    """Settings run in turns.

    Attributes:
        metric: The metric of the objective.
        outcome: What came of it, in a sentence.
        shipped: The name of the contender to ship.
        ended: ``decided``, ``budget``, ``cancelled`` or ``interrupted``.
        confidence: That no verdict at all is wrong.
        seconds: How long all of it took.
        budget_seconds: How long it might have taken.
        turn_seconds: How long the first turn of each was.
        most_requests: After how many requests all later turns ended; None where by the seconds.
        contenders: The first is the one that all others are compared with.
    """

    metric: str
    outcome: str
    shipped: str
    ended: str
    confidence: float
    seconds: float
    budget_seconds: float
    turn_seconds: float
    most_requests: int | None
    contenders: list[Contender]
