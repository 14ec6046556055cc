"""`Allowance`: how much worse than the baseline a metric may be, such as ``hit_rate=1pt``."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import MetricInfo
from perflab.units import parse_quantity

OPTION = "--max-worse"
_POINTS = re.compile(r"^(.*?)\s*(?:pt|pts|point|points)$")
_ROUNDING = 1e-9
"""Of the allowance and of the values: what a difference of two floats adds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Allowance:
    """A bound on how much worse a metric gets.

    Attributes:
        metric: Its name.
        amount: How much worse it may be, from 0 on.
        relative: Whether that is a share of the baseline's value, not in the metric's own unit.
        written: As the user wrote it.
        lower_is_better: Whether more of it is worse.
    """

    metric: str
    amount: float
    relative: bool
    written: str
    lower_is_better: bool

    def worse(self, change: float) -> float:
        """Return how much worse a change is: of a gain a negative number."""
        return change if self.lower_is_better else -change

    def allowed(self, before: float) -> float:
        """Return how much worse than a value another may be, in the metric's own unit."""
        return self.amount * abs(before) if self.relative else self.amount

    def broken(self, before: float, after: float) -> bool:
        """Say whether a value is worse than another by more than is allowed."""
        slack = _ROUNDING * max(abs(before), abs(after))
        return self.worse(after - before) > self.allowed(before) + slack

    def __str__(self) -> str:
        """Return it as an option has it."""
        return f"{self.metric}={self.written}"


def allowances_of(bench: AnyBench, written: Mapping[str, str]) -> tuple[Allowance, ...]:
    """Return the allowances that texts by metric are.

    Raises:
        BadInputError: If a metric is unknown, is neither better high nor low, or a text is not a
            number with a unit.
    """
    return tuple(_allowance(bench, name, text) for name, text in written.items())


def by_metric(texts: Iterable[str]) -> dict[str, str]:
    """Return by metric what options such as ``hit_rate=1pt,memory_bytes=5%`` allow.

    Raises:
        BadInputError: If one of them is not NAME=AMOUNT, or a metric comes twice.
    """
    found: dict[str, str] = {}
    for part in (part for text in texts for part in text.split(",")):
        name, equals, amount = (piece.strip() for piece in part.partition("="))
        if not (name and equals and amount):
            text = f"{part.strip()!r} is not METRIC=AMOUNT; write it like hit_rate=1pt"
            raise BadInputError(text, OPTION)
        if name in found:
            raise BadInputError(f"{name} is given twice", OPTION)
        found[name] = amount
    return found


def _allowance(bench: AnyBench, name: str, text: str) -> Allowance:
    known = bench.known_metrics()
    if name not in known:
        pattern = bench.identity.pattern
        raise BadInputError(f"{pattern} has no metric {name!r}{nearest(name, known)}", OPTION)
    info = known[name]
    if info.better == "neither":
        text = f"{name} is neither better high nor low; bound it with --limit"
        raise BadInputError(text, OPTION)
    amount, relative = _amount(info, text)
    if not (math.isfinite(amount) and amount >= 0):
        raise BadInputError(f"{name}={text}: must be a number from 0 on", OPTION)
    return Allowance(name, amount, relative, text, info.better == "lower")


def _amount(info: MetricInfo, text: str) -> tuple[float, bool]:
    is_ratio = info.unit == "ratio"
    points = _POINTS.match(text)
    if points and not is_ratio:
        raise _refused(info, text, "is not a share, so it has no points; write 5%")
    if text.endswith("%") and is_ratio:
        number = text.removesuffix("%").strip()
        raise _refused(info, text, f"may mean two things; write {number}pt for percentage points")
    try:
        if points:
            return parse_quantity(points[1], "") / 100, False
        if text.endswith("%"):
            return parse_quantity(text[:-1], "") / 100, True
        return parse_quantity(text, "" if is_ratio else info.unit), False
    except BadInputError as error:
        raise _refused(info, text, error.message) from None


def _refused(info: MetricInfo, text: str, why: str) -> BadInputError:
    return BadInputError(f"{info.name}={text}: {why}", OPTION)
