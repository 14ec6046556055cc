"""`row_of`: a contender of turns as a row of words, for a terminal and a report."""

from __future__ import annotations

import math
import statistics

from perflab.instrumentation.catalog import metric
from perflab.tuning.turns.difference import Difference
from perflab.tuning.turns.document import Contender
from perflab.units import grouped

HEADS = ("run in turns", "settings", "rounds", "{metric}", "difference", "interval", "verdict")
"""`metric` is what is compared; the difference is from the recommended settings."""

_WORDS = {"better": "worse", "worse": "better", "alike": "as good", "open": "not decided"}
"""What a contender is, by what the recommended one is when compared with it."""


def value_of(contender: Contender, name: str) -> float | None:
    """Return the mean of a metric over a contender's rounds; none where it has none."""
    known = [each[name] for each in contender["rounds"] if each.get(name) is not None]
    return statistics.fmean(value for value in known if value is not None) if known else None


def difference_of_compared(contender: Contender, name: str) -> Difference | None:
    """Return how a contender differs from the recommended settings; none where it is not known."""
    kept = contender["compared"]
    if kept is None or kept["mean"] is None:
        return None
    low = -math.inf if kept["low"] is None else kept["low"]
    high = math.inf if kept["high"] is None else kept["high"]
    return Difference(name, kept["rounds"], kept["mean"], low, high, kept["relative"]).reversed()


def row_of(contender: Contender, name: str) -> tuple[str, ...]:
    """Return a contender's name, settings, rounds, mean of a metric, and comparison in words."""
    found = difference_of_compared(contender, name)
    value = value_of(contender, name)
    return (
        contender["name"],
        contender["written"],
        grouped(len(contender["rounds"])),
        "" if value is None else metric(name).format(value),
        "" if found is None else found.mean_words,
        "" if found is None else found.interval_words,
        _verdict(contender),
    )


def _verdict(contender: Contender) -> str:
    compared = contender["compared"]
    if contender["failed"]:
        return "could not run"
    if compared is None:
        return ""
    return _WORDS.get(compared["verdict"], "")
