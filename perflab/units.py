"""Quantities parsed and in words; the only place that formats a number for people.

What people type is short and read back: ``10k``, ``512MiB``, ``30m`` (`format_quantity`). What they
read has its unit, three significant digits at most and never a power of ten: ``1.2 ms``, ``39 %``,
``1.46×`` (`in_words` and its like); whole counts have all their digits.
"""

from __future__ import annotations

import math
import operator
import re
from decimal import Decimal

from perflab.currency import priced
from perflab.errors import BadInputError

COUNT_SUFFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}
BYTE_SUFFIXES = {
    **dict.fromkeys(("", "b", "byte", "bytes"), 1.0),
    **{f"{p}{b}": 1e3**place for place, p in enumerate("kmgtp", 1) for b in ("", "b")},
    **{f"{p}ib": 2.0 ** (10 * place) for place, p in enumerate("kmgtp", 1)},
}
SECOND_SUFFIXES = {
    "": 1.0,
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    **{f"{noun}{s}": 1.0 for noun in ("sec", "second") for s in ("", "s")},
    **{f"{noun}{s}": 60.0 for noun in ("min", "minute") for s in ("", "s")},
    **{f"{noun}{s}": 3600.0 for noun in ("hr", "hour") for s in ("", "s")},
    **{f"day{s}": 86400.0 for s in ("", "s")},
    **{f"week{s}": 604800.0 for s in ("", "s")},
    **{f"millisecond{s}": 1e-3 for s in ("", "s")},
}
RATIO_SUFFIXES = {**COUNT_SUFFIXES, "%": 0.01}
NONE_WORDS = frozenset({"none", "off", "null", "unlimited", "no"})

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
UNKNOWN = "n/a"
_EXAMPLES = {"ratio": "0.8", "bytes": "512MiB", "seconds": "30m or 250ms"}
_SUFFIXES = {"bytes": BYTE_SUFFIXES, "seconds": SECOND_SUFFIXES, "ratio": RATIO_SUFFIXES}
# Thousands may be parted by commas or blanks, in threes: 1,5 may mean 1.5, and is refused.
_PARTED = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+|\d+(?:_\d+)*"
_BLANK = r"[\s\u00a0\u2009\u202f]*"
_NUMBER = re.compile(
    rf"^([+-]?(?:(?:{_PARTED})(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?){_BLANK}([a-zµ%]*)$", re.ASCII
)
_PARTING = str.maketrans("", "", "_, \u00a0\u2009\u202f")
_PARTS = re.compile(r"^(-?[\d.]+)([A-Za-zµ]+)$")
Steps = tuple[tuple[str, float], ...]
COUNT_STEPS: Steps = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
BYTE_STEPS: Steps = tuple(
    (f"{prefix}{'i' if prefix else ''}B", 2.0 ** (10 * place))
    for place, prefix in reversed(tuple(enumerate(("", "K", "M", "G", "T", "P"))))
)
SECOND_STEPS: Steps = (
    *(("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)),
    *(("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)),
)
_ONE, _TYPED = {"bytes": "B", "seconds": "s"}, {"min": "m", "µs": "us"}
_AGES: Steps = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0))

# From here on three digits are all that stand before the point, or the next unit begins.
_FULL = 999.5
_LEAST, _MOST, _FEW = 1e-6, 1e18, 10_000
_CLOCK, _LONGEST = ("d", "h", "min"), 100 * 86400.0
_MULTIPLE = 10.0
_ROUNDING = 1e-12  # of a share, by sums of floats
_NOISE = 9  # digits behind the point after which 100 times a share is off


def is_none_word(value: object) -> bool:
    """Say whether a text is one of the words that people write for "no value"."""
    return isinstance(value, str) and value.strip().lower() in NONE_WORDS


def parse_quantity(value: str | float, unit: str = "") -> float:
    """Return a number from a text such as ``10k``, ``512MiB``, ``1 hour``, ``2 000`` or ``39 %``.

    Args:
        value: A number, or a text: digits and an optional suffix. Thousands may be parted by
            commas or blanks.
        unit: ``bytes``, ``seconds`` or ``ratio`` select their suffixes; anything else counts (k,
            M, G, T).

    Raises:
        BadInputError: If the text is not a quantity of that unit.
    """
    if isinstance(value, (int, float)):
        return float(value)
    text = value.strip().lower().replace(MINUS, "-")
    match = _NUMBER.match(text)
    suffixes = _SUFFIXES.get(unit, COUNT_SUFFIXES)
    number = math.nan
    if match is not None and match.group(2) in suffixes:
        plain = match.group(1).translate(_PARTING)
        number = float(plain) * suffixes[match.group(2)]
    if not math.isfinite(number):
        example, of = _EXAMPLES.get(unit, "10k"), f" of {unit}" if unit else ""
        raise BadInputError(f"{value!r} is not a quantity{of}; write it like {example}")
    return number


def format_quantity(value: float | None, unit: str = "") -> str:
    """Return a quantity as people type it, which `parse_quantity` reads back within 0.1 %."""
    if value is None or value == math.inf:
        return "none"
    if not math.isfinite(value):
        return UNKNOWN if math.isnan(value) else f"{MINUS}∞"
    if value == 0:
        return "0s" if unit == "seconds" else "0"
    suffix, factor = _step(value, _steps(unit))
    return f"{digits(value / factor, 4)}{_TYPED.get(suffix, suffix)}"


def typed(value: float, unit: str = "", *, parted: bool = False) -> str:
    """Return a quantity as people type it, every digit of it: ``512MiB``, ``2016KiB``.

    Args:
        value: A number.
        unit: As `parse_quantity` takes it.
        parted: Whether many digits are parted by thousands, for eyes alone.
    """
    text = format_quantity(value, unit)
    if not math.isfinite(value):
        return text
    same = abs(value) < _MOST and math.isclose(parse_quantity(text, unit), value, rel_tol=1e-12)
    if same and (unit in _ONE or len(digits(value)) >= len(text)):
        return text  # but 1259, not 1.259k
    whole = unit == "bytes" and value and value % 1024 == 0 and abs(value) < 1024**3
    value, suffix = (value / 1024, "KiB") if whole else (value, _ONE.get(unit, ""))
    return f"{(grouped if parted else digits)(value)}{suffix}"


def exact(value: float, unit: str = "") -> str:
    """Return a value that somebody chose, every digit of it: ``512 MiB``, ``1,234 entries``."""
    if not math.isfinite(value):
        return rounded(value)
    if unit == "ratio":
        return f"{grouped(round(value * 100, 10))} %"
    if unit in ("bytes", "seconds"):
        text = typed(value, unit)
        if text != f"{digits(value)}{_ONE[unit]}":
            return spaced(text)
        return counted(value, "byte") if unit == "bytes" else f"{grouped(value)} s"
    return f"{grouped(value)} {singular(unit) if value == 1 else unit}".rstrip()


def spaced(text: str) -> str:
    """Return a typed quantity as it is read: ``30m`` as ``30 min``, ``512MiB`` as ``512 MiB``."""
    match = _PARTS.match(text)
    if match is None:
        return text
    words = {short: suffix for suffix, short in _TYPED.items()}
    return f"{match.group(1)} {words.get(match.group(2), match.group(2))}"


def in_words(value: float | None, unit: str = "") -> str:
    """Return a value with its unit, in three digits: ``1.2 ms``, ``12.3 MiB``, ``39 %``, ``10k/s``.

    A whole count has all its digits, and a time from a minute on two units: ``3 min 20 s``. What
    lies below what can be measured, such as a billionth of a second, is written as below.

    Args:
        value: A number; none where it is not known.
        unit: ``ratio``, ``seconds``, ``bytes``, ``currency``, one of these or a count ``/s``, or
            what is counted, which is left to the label.
    """
    if value is None or not math.isfinite(value):
        return rounded(math.nan if value is None else value)
    if unit == "ratio":
        return percent(value)
    if unit in ("seconds", "bytes"):
        return _measured(value, _steps(unit))
    if unit == "currency":
        return priced(rounded(value))
    if unit.endswith("/s"):
        of = unit.removesuffix("/s")
        text = in_words(value, of) if of == "bytes" else _rate(value)
        return f"{text}/s" if of in ("1", "bytes") else f"{text} {unit}"
    text = grouped(value) if float(value).is_integer() else rounded(value)
    return text.replace("-", MINUS)


def rounded(number: float) -> str:
    """Return a number in three digits, or all of those before the point: ``0.048``, ``12,345``."""
    if math.isnan(number):
        return UNKNOWN
    sign, size = MINUS if number < 0 else "", abs(number)
    if size >= _MOST:
        return f"{sign}{'∞' if size == math.inf else 'over 10^18'}"
    if size >= _FULL:
        return f"{sign}{size:,.0f}"
    if size < _LEAST:
        return "0"
    return f"{sign}{digits(size, 3) if size >= 1e-4 else digits(round(size, 6))}"


def grouped(number: float) -> str:
    """Return a number with all its digits, by thousands: ``336,776``, ``-1`` as in a file."""
    try:
        return f"{operator.index(number):,}"  # type: ignore[arg-type]
    except TypeError:
        if abs(number) >= _MOST or math.isnan(number):
            return rounded(number)
        return f"{Decimal(digits(number)):,f}"


def digits(number: float, most: int | None = None) -> str:
    """Return a number without a power of ten: all its digits, or so many significant ones."""
    number = float(number) + 0.0  # which is 0 for -0
    text = repr(number) if most is None else f"{number:.{most}g}"
    plain = f"{Decimal(text):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def percent(share: float) -> str:
    """Return a share in per cent: ``39 %``; never 0 or 100 where it is a little more or less."""
    if not math.isfinite(share):
        return rounded(share)
    sign, size = MINUS if share < 0 else "", abs(share) * 100
    less, more = (">", "<") if sign else ("<", ">")
    if size < _ROUNDING:
        return "0 %"
    if size < 0.005:
        return f"{less} {sign}0.01 %"
    if 99.95 <= size < 100 * (1 - _ROUNDING):
        return f"{more} {sign}99.9 %"
    return f"{sign}{rounded(round(size, 2 if size < 1 else _NOISE))} %"  # rounded once


def times(factor: float) -> str:
    """Return how many times as much: ``1.46×``, ``290×``."""
    return f"{rounded(factor)}{TIMES}"


def points(share: float) -> str:
    """Return a difference of two ratios with its sign, in points: ``+6.0 points``."""
    if math.isnan(share):
        return UNKNOWN
    size = abs(share) * 100
    if size < 0.005:
        return "0 points"
    return f"{MINUS if share < 0 else '+'}{_of_points(size)} points"


def difference(before: float, after: float, unit: str = "") -> str:
    """Return ``after - before`` with its sign: in points for ratios, else per cent of ``before``.

    So it is measured less predicted where ``before`` is the prediction. What is written as zero has
    no sign; from ten times on it is a multiple (``12×``).
    """
    if unit == "ratio":
        return points(after - before)
    if math.isnan(before) or math.isnan(after):
        return UNKNOWN
    sign = MINUS if after < before else "+"
    if before == 0 or math.isinf(before) or math.isinf(after):
        far = in_words(abs(after - before), unit)
        return "0 %" if before == after or re.match(r"0(?![.\d])", far) else f"{sign}{far}"
    if before > 0 and after / before >= _MULTIPLE:
        return times(after / before)
    size = abs((after - before) / before) * 100
    if 99.95 <= size < 100 and sign == MINUS:
        return f"< {MINUS}99.9 %"
    text = rounded(round(size, 1 if size < 10 else _NOISE))
    return "0 %" if text == "0" else f"{sign}{text} %"


def changed_by(before: float, after: float, unit: str = "") -> str:
    """Return a difference after a verb: ``by 97.3 %``, ``by 6.0 points``, ``to 12×``."""
    text = difference(before, after, unit)
    return f"to {text}" if text.endswith(TIMES) else f"by {text.lstrip(f'<+{MINUS} ')}"


def band(error: float, unit: str = "") -> str:
    """Return half the width of a band: ``± 0.25 points`` of a ratio, else in the unit."""
    if unit != "ratio" or not math.isfinite(error):
        return f"± {in_words(error, unit)}"
    size = abs(error) * 100
    if size < _ROUNDING:
        return "± 0 points"
    return f"± {_of_points(size) if size >= 0.005 else '< 0.01'} points"


def on_axis(value: float, unit: str = "") -> str:
    """Return a round value with its unit for an axis: ``10k``, ``25 %``, ``30 min``."""
    if unit == "ratio":
        return f"{bare(value * 100)} %"
    return spaced(format_quantity(value, unit)) if unit in _SUFFIXES else format_quantity(value)


def bare(value: float) -> str:
    """Return a round value for an axis that names the unit: ``0.25``, ``2500``, ``10k``."""
    return format_quantity(value) if abs(value) >= _FEW else digits(round(value, 10), 6)


def amount(value: float, unit: str = "") -> str:
    """Return a round value with what it counts: ``1 entry``, ``10k entries``, ``4 MiB``."""
    if unit in ("seconds", "bytes", "ratio", ""):
        return on_axis(value, unit)
    return f"{format_quantity(value)} {singular(unit) if value == 1 else unit}"


def named(key: str, value: float) -> str:
    """Return a value with the unit that its key names: ``duration_seconds``, ``next_row_share``."""
    return in_words(value, unit_of(key))


def unit_of(key: str) -> str:
    """Return the unit that a key names, as far as it names one, a quantile of it included."""
    if "_seconds" in key or key == "mean":
        return "seconds"
    if "_bytes" in key or key.startswith("bytes_per_"):
        return "bytes"
    return "ratio" if key.endswith(("_share", "hit_rate", "sample_rate")) else ""


def ago(seconds: float) -> str:
    """Return an age in the largest unit of which it has one: ``3 days ago``."""
    for noun, length in _AGES:
        count = int(max(seconds, 0.0) // length)
        if count:
            return f"{counted(count, noun)} ago"
    return "just now"


def counted(count: float, noun: str) -> str:
    """Return a number with its noun: ``1 entry``, ``2 entries``, ``10,000 keys``.

    Args:
        count: How many; a fraction is written with three digits.
        noun: One of them; of several words, the last is put into the plural.
    """
    number = in_words(count)
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


def _steps(unit: str) -> Steps:
    return {"bytes": BYTE_STEPS, "seconds": SECOND_STEPS}.get(unit, COUNT_STEPS)


def _step(value: float, steps: Steps) -> tuple[str, float]:
    """Return the largest unit of which a value has one, or as good as one."""
    return next((step for step in steps if abs(value) >= step[1] * 0.9995), steps[-1])


def _measured(value: float, steps: Steps) -> str:
    """Return a measured value in the unit in which three digits say it."""
    least = steps[-1][0]
    if value == 0:
        return f"0 {least}"
    sign, size = MINUS if value < 0 else "", abs(value)
    place = next((i for i, step in enumerate(steps) if size >= step[1] * 0.9995), None)
    if place is None:
        return f"{'>' if sign else '<'} {sign}1 {least}"
    if size / steps[place][1] >= _FULL and place:
        place -= 1
    suffix, factor = steps[place]
    if suffix in _CLOCK and size < _LONGEST:
        part, of = steps[place + 1]
        whole, rest = divmod(round(size / of), round(factor / of))
        return f"{sign}{whole} {suffix}{f' {rest} {part}' if rest else ''}"
    return f"{sign}{rounded(size / factor)} {suffix}"


def _rate(value: float) -> str:
    suffix, factor = _step(value, COUNT_STEPS)
    return f"{rounded(value / factor)}{suffix}"


def _of_points(size: float) -> str:
    return rounded(size) if size >= 99.95 else f"{size:.{1 if size >= 0.995 else 2}f}"
