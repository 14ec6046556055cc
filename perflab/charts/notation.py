"""`Notation`: how `units.in_words` writes values of a unit, for a page that writes some itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypedDict

from perflab.units import BYTE_STEPS, COUNT_STEPS, SECOND_STEPS


class Notation(TypedDict):
    """Which way values are written, in which steps, and what stands after them.

    Attributes:
        kind: ``percent`` of a ratio; ``measured``, in the step in which three digits say it;
            ``rate``, in steps of a thousand; ``rounded`` to three digits; ``count``, of which whole
            ones have all their digits.
        steps: What each step is called and how much it is, from the largest.
        after: What stands after the number and its step.
    """

    kind: Literal["percent", "measured", "rate", "rounded", "count"]
    steps: list[tuple[str, float]]
    after: str


@cache
def script() -> str:
    """Return JavaScript with ``inWords(value, notation)``, which writes numbers in a page."""
    return Path(__file__).with_name("notation.js").read_text(encoding="utf-8")


def notation(unit: str = "") -> Notation:
    """Return how values of a unit are written.

    Args:
        unit: As `in_words` takes it.
    """
    if unit in ("seconds", "bytes", "bytes/s"):
        steps = SECOND_STEPS if unit == "seconds" else BYTE_STEPS
        return {"kind": "measured", "steps": [*steps], "after": "/s" if "/" in unit else ""}
    if unit.endswith("/s"):
        after = "/s" if unit == "1/s" else f" {unit}"
        return {"kind": "rate", "steps": [*COUNT_STEPS], "after": after}
    if unit == "ratio":
        return {"kind": "percent", "steps": [], "after": ""}
    kind: Literal["rounded", "count"] = "rounded" if unit == "currency" else "count"
    return {"kind": kind, "steps": [], "after": ""}
