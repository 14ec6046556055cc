"""`next_values`: which settings between those looked at would make a search sharper."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from perflab.settings import SettingInfo
from perflab.tuning.points import Point
from perflab.tuning.search import STEP, Search, keeps_limits

MOST_ROUNDS = 16
_DIGITS = 3
_BINARY_DIGITS = 6

Values = dict[str, object]


def next_values(search: Search) -> list[Values]:
    """Return settings to look at next, by the keys that tuning moves; none where it is sharp.

    It is once the next smaller setting that was looked at, by two per cent, is not accepted, and
    the best one is as near to its neighbours.
    """
    wanted: list[Values] = []
    for values in _wanted(search):
        if values not in wanted:
            wanted.append(values)
    return wanted


def _wanted(search: Search) -> Iterator[Values]:
    lines = list(search.lines().values())
    if not search.kept:
        for line in lines:
            yield from _between_limits(search, line)
            yield from _below(search, line[0])
        return
    best = search.best
    accepted = {id(point) for point in search.accepted()}
    chosen = search.choose()
    for line in lines:
        yield from _towards_smaller(search, line, accepted, chosen)
        yield from _towards_limits(search, line, best)
        yield from _beside_best(search, line, best)
    yield from _less_of_others(search, lines, accepted, chosen)


def _towards_smaller(
    search: Search, line: Sequence[Point], accepted: set[int], chosen: Point
) -> Iterator[Values]:
    """Yield what lies between the smallest that is accepted and the next smaller one."""
    first = next((i for i, point in enumerate(line) if id(point) in accepted), 0)
    if first and search.size(line[first - 1]) < search.size(chosen):
        yield from _middle(search, line[first - 1], line[first])


def _towards_limits(search: Search, line: Sequence[Point], best: float) -> Iterator[Values]:
    """Yield what is nearer to a limit, where beyond it the objective is better than the best."""
    sign = 1 if search.goal.direction == "max" else -1
    for one, other in itertools.pairwise(line):
        kept, broken = (one, other) if search.keeps(one) else (other, one)
        at_limit = search.keeps(kept) and not search.keeps(broken)
        if at_limit and sign * search.value(broken) > sign * best:
            yield from _middle(search, one, other)


def _between_limits(search: Search, line: Sequence[Point]) -> Iterator[Values]:
    """Yield what lies between two points that each break only limits that the other keeps."""

    def broken(point: Point) -> set[str]:
        return {str(one) for one in search.limits if not keeps_limits(point, [one])}

    for one, other in itertools.pairwise(line):
        if not broken(one) & broken(other):
            yield from _middle(search, one, other)


def _below(search: Search, smallest: Point) -> Iterator[Values]:
    """Yield the least that the setting may be, where a sweep starts above it."""
    low = search.bench.info(search.moved).low
    if low is not None and low < search.place(smallest):
        yield {**search.tuned(smallest), search.moved: low}


def _beside_best(search: Search, line: Sequence[Point], best: float) -> Iterator[Values]:
    """Yield what lies on both sides of the best point, unless it is at an end of its line."""
    place = next((i for i, p in enumerate(line) if search.value(p) == best), 0)
    if not 0 < place < len(line) - 1:
        return
    around = line[place - 1 : place + 2]
    if all(search.value(point) != best for point in (around[0], around[2])):
        yield from _middle(search, around[0], around[1])
        yield from _middle(search, around[1], around[2])


def _less_of_others(
    search: Search, lines: Sequence[Sequence[Point]], accepted: set[int], chosen: Point
) -> Iterator[Values]:
    """Yield less of the other number that is chosen, where only the moved setting weighs."""
    numbers = [key for key in search.tuning.also_tuned if isinstance(chosen["settings"][key], int)]
    if search.tuning.weighed_by is not None or len(numbers) != 1:
        return
    (key,) = numbers
    here = {**search.tuned(chosen), key: None}
    beside = [
        point
        for line in lines
        for point in line
        if {**search.tuned(point), key: None} == here
        and point["settings"][key] < chosen["settings"][key]
    ]
    if beside:
        less = max(beside, key=lambda point: point["settings"][key])
        if id(less) not in accepted:
            low, high = (float(point["settings"][key]) for point in (less, chosen))
            whole = search.tuning.multiples.get(key)
            step = None if whole is None else chosen["settings"][whole]
            between = middle_of(search.bench.info(key), low, high, step)
            if between is not None:
                yield {**search.tuned(chosen), key: between}


def _middle(search: Search, one: Point, other: Point) -> Iterator[Values]:
    low, high = sorted((search.place(one), search.place(other)))
    info = search.bench.info(search.moved)
    between = middle_of(info, low, high)
    if between is not None:
        if info.unit == "bytes":
            between = _in_short(between, low, high)
        yield {**search.tuned(other), search.moved: between}


def _in_short(size: float, low: float, high: float) -> float:
    """Return a size near another that takes few digits: 2320KiB for 2380268B, within two others."""
    unit = 2.0 ** max(0, math.floor(math.log2(max(size, 1))) - _BINARY_DIGITS)
    short = round(round(size / unit) * unit)
    return short if low < short < high else size


def middle_of(info: SettingInfo, low: float, high: float, step: int | None = None) -> float | None:
    """Return a value of three digits between two of a setting, on its scale.

    Args:
        info: The setting.
        low: A value of it.
        high: A larger one.
        step: What values are multiples of, such as whole batches; none for any.

    Returns:
        The value; none where the two differ by two per cent at most, or nothing is between them.
    """
    if not math.isfinite(high) or low >= high or (low > 0 and high / low <= STEP):
        return None
    log = info.scale == "log" and low > 0
    middle = math.sqrt(low * high) if log else (low + high) / 2
    unit = step or _digit(info, middle)
    for candidate in (round(middle / unit) * unit, middle):
        value = round(candidate) if info.kind is int else candidate
        if low < value < high and not (step and value % step):
            return value
    return None


def _digit(info: SettingInfo, value: float) -> float:
    """Return what the last of a value's digits counts, as it is written with its unit."""
    factor = 1024.0 ** int(math.log(value, 1024)) if info.unit == "bytes" and value >= 1 else 1.0
    scaled = value / factor
    digit = 10.0 ** (math.floor(math.log10(scaled)) + 1 - _DIGITS) * factor
    return max(digit, 1.0) if info.kind is int else digit
