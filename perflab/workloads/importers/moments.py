"""Times as servers and programs write them, as seconds since 1970: one text, or a whole column."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.time_units import UNITS

Floats = npt.NDArray[np.float64]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Apache's and nginx's, and that of Python's servers, with a blank before the hour; ISO 8601 and
# Go's, and that with slashes; a blank, T, or tab before the hour. Behind the second a fraction, and
# the zone.
_MOMENT = re.compile(
    r"(?:(?P<day>\d{2})/(?P<word>[A-Za-z]{3})/(?P<year>\d{4})[: ]"
    r"|(?P<y>\d{4})[-/](?P<m>\d{2})[-/](?P<d>\d{2})[Tt \t_])"
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<rest>.*)",
    re.DOTALL,
)
_REST = re.compile(
    r"(?:[.,](?P<part>\d{1,9})\d*)?\s*"
    r"(?:(?P<utc>Z|z|UTC|GMT)|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?"
    r"(?: (?:UTC|GMT|[+-]\d{2,4}|[A-Z]{3,5}))?(?: m=[+-][\d.]+)?)?(?:\[[\w/+-]+\])?\s*"
)
# ``Mon Jan  2 15:04:05 2006``, with a zone's name before the year as ``date`` writes it.
_ASCTIME = re.compile(
    r"(?:[A-Za-z]{3},? )?(?P<word>[A-Za-z]{3}) +(?P<day>\d{1,2}) "
    r"(?P<clock>\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)"
    r"(?: (?:UTC|GMT))? (?P<year>\d{4})"
)
# With points the day comes first; with slashes it does in some countries only.
_POINTED = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}),? +"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,6})?))?"
)
# What Arrow reads itself, where fractions are of one length, as a load balancer writes them.
_FIXED_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3}|\.\d{6})(?:Z|[+-]\d{2}:\d{2})"
)
_MICROSECONDS = 1e6
# So many characters are the moment to the second.
_TO_SECOND = {True: 20, False: 19}
_LONGEST_REST = 60
# Of so many texts one is a new one: then each is parsed whole.
_FEW = 8
_NO_ZONE = "times have no zone and are read as UTC"


def parse_moment(text: str) -> float:
    """Return the seconds since 1970 of a date with a time; NaN for anything else.

    ISO 8601, the form of Apache and nginx, RFC 1123, C's asctime, Go's, ``2024/06/10 06:13:00``
    and ``10.06.2024 06:13`` are read; what has no zone is UTC.
    """
    text = text.strip()
    found = _MOMENT.fullmatch(text)
    try:
        if found is not None:
            rest = _REST.fullmatch(found["rest"])
            return float("nan") if rest is None else _whole(found) + _offset(rest)
        return _worded(text)
    except (ValueError, OverflowError):
        return float("nan")


def moments_of(texts: pa.Array, unit: str | None = None) -> Floats:
    """Return the seconds of an Arrow array of texts, NaN where one is not a time.

    A number is taken as it is, or by its unit, one of `UNITS`, where that is known. Each second
    and each rest (fraction and zone) is parsed once.
    """
    per_second = UNITS[unit] if unit else 1.0

    def number_or_moment(text: str) -> float:
        try:
            return float(text) / per_second
        except ValueError:
            return parse_moment(text)

    texts = texts.cast(pa.string())
    first = pc.first(texts).as_py() or ""
    if is_number(first):
        try:
            # A missing one is NaN, as a text that is no time.
            numbers = texts.cast(pa.float64()).fill_null(np.nan)
            return np.asarray(numbers.to_numpy(zero_copy_only=False)) / per_second
        except pa.ArrowInvalid:
            pass
    if _FIXED_ISO.fullmatch(first) is not None:
        try:
            moments = texts.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        except pa.ArrowInvalid:  # some are written otherwise
            pass
        else:
            numbers = moments.cast(pa.float64(), safe=False).fill_null(np.nan)
            return np.asarray(numbers.to_numpy(zero_copy_only=False)) / _MICROSECONDS
    encoded = texts.dictionary_encode()
    if _MOMENT.match(first) is None or _FEW * len(encoded.dictionary) <= len(texts):
        return _each(encoded, number_or_moment)
    cut = _TO_SECOND["/" in first[:3]]
    heads = pc.utf8_slice_codeunits(texts, 0, cut).dictionary_encode()
    rests = pc.utf8_slice_codeunits(texts, cut, cut + _LONGEST_REST).dictionary_encode()
    found = _each(heads, parse_moment) + _each(rests, _parse_rest)
    odd = np.isnan(found)
    if odd.any():
        found[odd] = _each(texts.filter(pa.array(odd)).dictionary_encode(), number_or_moment)
    return found


def is_number(text: str) -> bool:
    """Say whether a time is a number rather than a date.

    Arrow makes an error of each value that it cannot cast, which takes longer than all else: so
    the first is looked at before.
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def has_no_zone(text: str) -> bool:
    """Say whether a text is a date with a time, and without a zone."""
    found = _MOMENT.fullmatch(text.strip())
    rest = None if found is None else _REST.fullmatch(found["rest"])
    return rest is not None and not rest["utc"] and not rest["sign"]


def zone_note(text: str) -> tuple[str, ...]:
    """Return the note on times without a zone; none where a text of them has one."""
    return (_NO_ZONE,) if has_no_zone(text) else ()


def _each(encoded: pa.DictionaryArray, parse: Callable[[str], float]) -> Floats:
    known = [parse(text) for text in encoded.dictionary.to_pylist()]
    values = np.array([*known, np.nan])
    return np.asarray(values[encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)])


def _parse_rest(text: str) -> float:
    rest = _REST.fullmatch(text)
    return float("nan") if rest is None else _offset(rest)


def _whole(found: re.Match[str]) -> float:
    if found["word"] is not None:
        month = MONTHS.index(found["word"].lower()) + 1
        date = (int(found["year"]), month, int(found["day"]))
    else:
        date = (int(found["y"]), int(found["m"]), int(found["d"]))
    clock = (int(found["hour"]), int(found["minute"]), min(int(found["second"]), 59))
    return dt.datetime(*date, *clock, tzinfo=dt.UTC).timestamp()


def _offset(rest: re.Match[str]) -> float:
    """Return what fraction and zone add to the moment as UTC."""
    part = float(f"0.{rest['part']}") if rest["part"] else 0.0
    if not rest["sign"]:
        return part
    hours, minutes = int(rest["hours"]), int(rest["minutes"] or 0)
    if hours > 23 or minutes > 59:
        return float("nan")
    away = 3600.0 * hours + 60.0 * minutes
    return part + (away if rest["sign"] == "-" else -away)


def _worded(text: str) -> float:
    found = _ASCTIME.fullmatch(text)
    if found is not None:
        month = MONTHS.index(found["word"].lower()) + 1
        day = f"{found['year']}-{month:02}-{int(found['day']):02}"
        return dt.datetime.fromisoformat(f"{day}T{found['clock']}+00:00").timestamp()
    found = _POINTED.fullmatch(text)
    if found is not None:
        day = f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
        clock = f"{int(found['hour']):02}:{found['minute']}:{found['second'] or '00'}"
        return dt.datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()
    try:
        moment = email.utils.parsedate_to_datetime(text) if "," in text else None
    except (TypeError, IndexError):
        moment = None
    moment = moment or dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
