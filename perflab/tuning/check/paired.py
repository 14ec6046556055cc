"""What rounds of turns say of conditions: each is tested, and all of them together."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence

from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition as Limit
from perflab.tuning.check.allowance import Allowance
from perflab.tuning.check.document import Condition, Verdict
from perflab.tuning.check.student import quantile, tail
from perflab.tuning.turns.runner import Round
from perflab.units import difference

CONFIDENCE = 0.99
_ROUNDING = 1e-12
_LEVEL = (1.0 - CONFIDENCE) / 2.0
"""Of one side: an interval lies wholly beyond a bound only on that side."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """Values of rounds, and the bound that their mean must not pass.

    Attributes:
        values: One a round: how much worse it was, or how far past a limit.
        bound: What their mean may be at most.
        strict: Whether it may not be the bound itself.
    """

    values: tuple[float, ...]
    bound: float
    strict: bool = False

    @property
    def mean(self) -> float:
        """Of the values."""
        return statistics.fmean(self.values)

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return statistics.stdev(self.values) / math.sqrt(len(self.values))

    @property
    def slack(self) -> float:
        """What a difference of floats may add to a mean that is just at the bound."""
        return 0.0 if math.isinf(self.bound) else _ROUNDING * max(1.0, abs(self.bound))

    @property
    def chance(self) -> float:
        """The chance of such a mean, or of one further beyond, where the true one is the bound."""
        beyond = self.mean - self.bound - self.slack
        if self.error == 0.0:
            at_bound = self.strict and self.values[0] >= self.bound
            return 0.0 if beyond > 0.0 or at_bound else 1.0
        return tail(beyond / self.error, len(self.values) - 1)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the ends of the interval that the mean is beyond with a chance on each side."""
        half = quantile(level, len(self.values) - 1) * self.error
        return self.mean - half, self.mean + half


def judged(
    rounds: Sequence[Round],
    before: str,
    after: str,
    limits: Sequence[Limit],
    allowances: Sequence[Allowance],
) -> tuple[Condition, ...]:
    """Return each condition with its verdict, such that all of them hold together.

    A condition is broken where its 99 % confidence interval lies wholly beyond its bound. Of
    several conditions the one that is the least likely is tested first, at a level that is
    divided by their number, the next one at a level divided by one less, and so on until one is
    not broken (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 1979). So the chance of a false alarm among all is at most that of
    one. The number of rounds is chosen beforehand, so that Student's t holds.

    Args:
        rounds: What was measured, at least two.
        before: The contender that is the baseline.
        after: The one that is checked.
        limits: Bounds on its metrics.
        allowances: How much worse than the baseline they may be.
    """
    samples = [_past_limit(rounds, after, limit) for limit in limits]
    samples += [_worse(rounds, before, after, allowance) for allowance in allowances]
    levels = _levels([sample.chance for sample in samples])
    broken = [sample.chance < level for sample, level in zip(samples, levels, strict=True)]
    found = []
    for place, limit in enumerate(limits):
        found.append(_limit(rounds, after, limit, samples[place], levels[place], broken[place]))
    for place, allowance in enumerate(allowances, len(limits)):
        found.append(
            _change(
                *(rounds, before, after, allowance),
                *(samples[place], levels[place], broken[place]),
            )
        )
    return tuple(found)


def _levels(chances: Sequence[float]) -> list[float]:
    """Return the level that each chance is tested at; behind the first that holds, none passes."""
    levels = [0.0] * len(chances)
    goes_on = True
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        level = _LEVEL / (len(chances) - rank)
        goes_on = goes_on and chances[place] < level
        levels[place] = level if goes_on else min(level, chances[place])
    return levels


def _past_limit(rounds: Sequence[Round], after: str, limit: Limit) -> Sample:
    sign = _sign(limit)
    values = tuple(sign * each[after][limit.metric] for each in rounds)
    return Sample(values, sign * limit.value, strict=limit.comparison in ("<", ">"))


def _sign(limit: Limit) -> float:
    """Return what a metric's values are multiplied by, so that more of them is worse."""
    return 1.0 if limit.comparison.startswith("<") else -1.0


def _worse(rounds: Sequence[Round], before: str, after: str, allowance: Allowance) -> Sample:
    """Return how much worse each round was: of a share its logarithm, which no drift moves."""
    name = allowance.metric
    pairs = [(each[before][name], each[after][name]) for each in rounds]
    if not (allowance.relative and _positive(pairs)):
        bound = allowance.allowed(statistics.fmean(a for a, _ in pairs))
        return Sample(tuple(allowance.worse(b - a) for a, b in pairs), bound)
    share = allowance.amount if allowance.lower_is_better else -allowance.amount
    bound = allowance.worse(math.log1p(share)) if share > -1 else math.inf
    return Sample(tuple(allowance.worse(math.log(b / a)) for a, b in pairs), bound)


def _positive(pairs: Sequence[tuple[float, float]]) -> bool:
    return all(min(pair) > 0 for pair in pairs)


def _limit(
    rounds: Sequence[Round], after: str, limit: Limit, sample: Sample, level: float, broken: bool
) -> Condition:
    info = metric(limit.metric)
    mean = statistics.fmean(each[after][limit.metric] for each in rounds)
    low, high = sorted(_sign(limit) * end for end in sample.interval(_shown(level)))
    low, high = max(low, 0.0), min(high, 1.0 if info.unit == "ratio" else math.inf)
    return {
        "condition": str(limit),
        "kind": "limit",
        "metric": limit.metric,
        "before": None,
        "after": mean,
        "change": "",
        "interval": f"{info.format(low)} to {info.format(high)}",
        "verdict": _verdict(sample, level, broken),
    }


def _change(
    rounds: Sequence[Round],
    before: str,
    after: str,
    allowance: Allowance,
    sample: Sample,
    level: float,
    broken: bool,
) -> Condition:
    name = allowance.metric
    unit = metric(name).unit
    first = statistics.fmean(each[before][name] for each in rounds)
    second = statistics.fmean(each[after][name] for each in rounds)
    pairs = [(each[before][name], each[after][name]) for each in rounds]
    ends = [allowance.worse(end) for end in sample.interval(_shown(level))]
    mean = allowance.worse(sample.mean)
    if allowance.relative and _positive(pairs):
        written = [difference(1.0, math.exp(min(end, 700.0))) for end in (*sorted(ends), mean)]
    elif unit == "ratio":
        written = [difference(0.0, end, unit) for end in (*sorted(ends), mean)]
    else:
        of = first or 1.0
        written = [difference(of, of + end) for end in (*sorted(ends), mean)]
    low, high, middle = written
    return {
        "condition": str(allowance),
        "kind": "max_worse",
        "metric": name,
        "before": first,
        "after": second,
        "change": middle,
        "interval": f"{low} to {high}",
        "verdict": _verdict(sample, level, broken),
    }


def _shown(level: float) -> float:
    """Return a level that an interval can be written for."""
    return min(max(level, 1e-12), _LEVEL)


def _verdict(sample: Sample, level: float, broken: bool) -> Verdict:
    if broken:
        return "broken"
    high = sample.interval(_shown(level))[1]
    return "open" if high > sample.bound + sample.slack else "held"
