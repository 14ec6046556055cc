"""Whether kept costs are what a pattern's model takes: of the shape of the shipped ones."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence, Sized

# Longer than any latency in seconds, and more than any memory in bytes.
_MOST = 1e15
_LEAST = -1.0
# What a request or a wait can take: eleven days.
_MOST_SECONDS = 1e6
_MOST_DIGITS = 9
_LATENCY = ("mean", "quantiles")
# A rate, and how far a measurement is off a line, by their names: never 0.
_DIVIDED_BY = ("rate", "_off")


def wrong_cost(shipped: Mapping[str, object], kept: Mapping[str, object]) -> str | None:
    """Return the path of the first cost that is missing or not like the shipped one; else None.

    What is numbered, such as the latencies by chunk size, may have other numbers than the shipped
    costs have. What a measurement adds to them may be numbers, or such as is among them.

    Args:
        shipped: The costs that come with perflab.
        kept: Costs that were measured.
    """
    missing = next((name for name in shipped if name not in kept), None)
    if missing is not None:
        return missing
    for name, value in kept.items():
        model = shipped.get(name, _like_a_shipped_one(name, shipped, value))
        if (wrong := _wrong(name, model, value)) is not None:
            return wrong
    return None


def _like_a_shipped_one(name: str, shipped: Mapping[str, object], value: object) -> object:
    """Return what an added cost is measured by: that whose name it goes on, or itself."""
    known = (model for start, model in shipped.items() if name.startswith(f"{start}_"))
    return next((model for model in known if isinstance(model, type(value))), value)


def _wrong(path: str, model: object, value: object) -> str | None:
    if isinstance(model, Mapping):
        return _wrong_parts(path, model, value)
    if isinstance(model, Sequence) and not isinstance(model, str):
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            return path
        return None if all(map(_is_number, value)) else path
    if isinstance(model, (int, float)) and not isinstance(model, bool):
        fits = _are_seconds([value]) if path.endswith("_seconds") else _is_number(value)
        return None if fits else path
    return None if type(model) is type(value) else path


def _wrong_parts(path: str, model: Mapping[str, object], value: object) -> str | None:
    if not isinstance(value, Mapping) or bool(value) != bool(model):
        return path
    numbered = all(map(_is_place, model))
    # One of several alike, such as the engines, which need not all have been measured.
    alike = numbered or all(isinstance(part, Mapping) for part in model.values())
    first = next(iter(model.values()), None)
    for name in model:
        if name not in value and not alike:
            return f"{path}.{name}"
    for name, part in value.items():
        if numbered and not _is_place(name):
            return f"{path}.{name}"
        wrong = _wrong(f"{path}.{name}", model.get(name, first if alike else part), part)
        if wrong is not None:
            return wrong
        numbers = part if isinstance(part, list) else [part]
        is_latency = name in _LATENCY and "quantiles" in value
        no_time = is_latency and not _are_seconds(numbers)
        if no_time or (name.endswith(_DIVIDED_BY) and not min(numbers) > 0):
            return f"{path}.{name}"
    return _wrong_lists(path, model, value)


def _wrong_lists(path: str, model: Mapping[str, object], value: Mapping[str, object]) -> str | None:
    """Return the list that has not the length of its kind: quantiles, or points beside others."""
    lists = {name: part for name, part in value.items() if isinstance(part, list)}
    points = lists.get("rows")
    for name, part in lists.items():
        known = points if points is not None else model.get(name, part)
        if not isinstance(known, Sized) or len(part) != len(known):
            return f"{path}.{name}"
    if points is not None and not all(map(operator.lt, (0, *points), points)):
        return f"{path}.rows"
    return None


def _is_place(name: str) -> bool:
    """Say whether a name is a whole number, such as a chunk size or a number of connections."""
    short = len(name) <= _MOST_DIGITS and name.isascii() and name.isdecimal()
    return short and int(name) > 0


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and _LEAST <= value <= _MOST


def _are_seconds(values: Sequence[object]) -> bool:
    """Say whether all are times that something can take."""
    return all(
        isinstance(each, (int, float)) and _is_number(each) and 0 <= each <= _MOST_SECONDS
        for each in values
    )
