"""Quantities as people write them: ``10k``, ``512MiB``, ``30m``, ``none``."""

from __future__ import annotations

import math
import re

from perflab.errors import BadInputError

COUNT_SUFFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}
BYTE_SUFFIXES = {
    "": 1.0,
    "b": 1.0,
    "k": 1e3,
    "kb": 1e3,
    "kib": 2.0**10,
    "m": 1e6,
    "mb": 1e6,
    "mib": 2.0**20,
    "g": 1e9,
    "gb": 1e9,
    "gib": 2.0**30,
    "t": 1e12,
    "tb": 1e12,
    "tib": 2.0**40,
    "p": 1e15,
    "pb": 1e15,
    "pib": 2.0**50,
}
SECOND_SUFFIXES = {
    "": 1.0,
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
NONE_WORDS = frozenset({"none", "off", "null", "unlimited", "no"})

_EXAMPLES = {"ratio": "0.8", "bytes": "512MiB", "seconds": "30m or 250ms"}
_SUFFIXES = {"bytes": BYTE_SUFFIXES, "seconds": SECOND_SUFFIXES}
_NUMBER = re.compile(r"^([+-]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµ]*)$")


def is_none_word(value: object) -> bool:
    """Say whether a text is one of the words that people write for "no value"."""
    return isinstance(value, str) and value.strip().lower() in NONE_WORDS


def parse_quantity(value: str | float, unit: str = "") -> float:
    """Return a number from a text such as ``10k``, ``512MiB`` or ``30m``.

    Args:
        value: A number, or a text: digits and an optional suffix.
        unit: ``bytes`` or ``seconds`` select their suffixes; anything else counts (k, M, G, T).

    Raises:
        BadInputError: If the text is not a quantity of that unit.
    """
    if isinstance(value, (int, float)):
        return float(value)
    text = value.strip().lower()
    match = _NUMBER.match(text)
    suffixes = _SUFFIXES.get(unit, COUNT_SUFFIXES)
    number = math.nan
    if match is not None and match.group(2) in suffixes:
        digits = match.group(1).replace("_", "").replace(",", "")
        number = float(digits) * suffixes[match.group(2)]
    if not math.isfinite(number):
        example = _EXAMPLES.get(unit, "10k")
        of = f" of {unit}" if unit else ""
        raise BadInputError(f"{value!r} is not a quantity{of}; write it like {example}")
    return number


def format_quantity(value: float | None, unit: str = "") -> str:
    """Return the short text of a quantity, which `parse_quantity` reads back within 0.1 %."""
    if value is None:
        return "none"
    if not math.isfinite(value):
        return "none" if value > 0 else str(value)
    if unit == "bytes":
        large = (("PiB", 2.0**50), ("TiB", 2.0**40), ("GiB", 2.0**30))
        return _scaled(value, (*large, ("MiB", 2.0**20), ("KiB", 2.0**10), ("B", 1.0)))
    if unit == "seconds":
        steps = (("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
        return _scaled(value, (*steps, ("ns", 1e-9)))
    return _scaled(value, (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)))


def counted(count: float, noun: str) -> str:
    """Return a number with its noun: ``1 entry``, ``2 entries``, ``10,000 keys``.

    Args:
        count: How many; a fraction is written with three digits.
        noun: One of them; of several words, the last is put into the plural.
    """
    number = f"{count:,.0f}" if float(count).is_integer() else f"{count:,.3g}"
    return f"{number} {noun if number == '1' else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a regular English noun: ``entries``, ``batches``, ``keys``."""
    if noun[-1:] == "y" and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}{'es' if noun.endswith(('s', 'x', 'z', 'ch', 'sh')) else 's'}"


def singular(unit: str) -> str:
    """Return one of what a unit counts: ``entry`` for ``entries``, ``fetch`` for ``fetches``.

    A unit per second stays as it is, and so does one that is no plural.
    """
    if "/" in unit or unit == "seconds":
        return unit
    if unit.endswith("ies"):
        return f"{unit[:-3]}y"
    return unit[:-2] if unit.endswith(("ches", "shes", "xes", "sses")) else unit.removesuffix("s")


def _scaled(value: float, steps: tuple[tuple[str, float], ...]) -> str:
    if value == 0:
        return "0" + ("s" if steps[0][0] == "d" else "")
    for suffix, factor in steps:
        if abs(value) >= factor * 0.9995:
            return f"{value / factor:.4g}{suffix}"
    suffix, factor = steps[-1]
    return f"{value / factor:.4g}{suffix}"
