"""PostgreSQL's log of statements with their durations: as text, as CSV and as JSON."""

from __future__ import annotations

import functools

from perflab.workloads.importers.postgres_entries import TIME, Entry, entries
from perflab.workloads.importers.postgres_requests import Duration, Requests, duration_of
from perflab.workloads.importers.postgres_zones import seconds_from_utc, zone_notes
from perflab.workloads.importers.served import MOST_SECONDS, Served, seconds_of
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

WHAT = "lines of PostgreSQL with a time and a duration"
ADVICE = (
    "set log_min_duration_statement = 0 and a log_line_prefix with %m, such as '%m [%p] ', "
    "or log_destination = 'jsonlog'"
)
_FINE, _COARSE = 1e-3, 1.0
_DAY = 86_400.0


def read_postgres(source: Source) -> Arrivals:
    """Read a start (the time logged less the duration) and a duration for each request.

    The log has a line when a statement has ended: requests are sorted by start. What several
    lines say of one request (plans of auto_explain, parse and bind) is put together, which a
    note says. Times of zones that are known are read as such, over a change of the clock too.

    Raises:
        BadInputError: If most lines are no log of PostgreSQL, or none has a duration.
    """
    served = Served(source, WHAT, ADVICE)
    requests = Requests()
    zones: dict[str, int] = {}
    total = 0
    whole = True
    for entry in entries(source):
        total += 1
        if entry.message is None:
            served.skip(entry.line, entry.text)
            continue
        found = duration_of(entry.message)
        if found is None:
            requests.announce(entry.process, entry.message)
            continue
        taken = _duration(entry, found[0], zones)
        if taken is None:
            served.skip(entry.line, entry.text)
            continue
        whole = whole and taken.resolution == _COARSE
        requests.add(entry.process, found[1], taken)
    parts, notes = requests.finish()
    ahead = seconds_from_utc(zones)
    offsets = [ahead.get(name, 0.0) for name in zones]
    for part in parts:
        for start, seconds, zone in part:
            served.add(0, "", start - offsets[zone], seconds)
    return served.finish(total, (*notes, *zone_notes(zones), *_of_seconds(whole=whole)))


def _duration(entry: Entry, seconds: float, zones: dict[str, int]) -> Duration | None:
    """Return the duration in an entry; None if its time is none, or it begins before 1970."""
    try:
        end, zone = _seconds(entry.time)
    except ValueError:
        return None
    if not _DAY <= end - seconds < MOST_SECONDS:
        return None
    resolution = _FINE if "." in entry.time or "," in entry.time else _COARSE
    return Duration(end, seconds, resolution, zones.setdefault(zone, len(zones)))


def _of_seconds(*, whole: bool) -> tuple[str, ...]:
    said = "times are whole seconds; a log_line_prefix with %m has milliseconds"
    return (said,) if whole else ()


def _seconds(text: str) -> tuple[float, str]:
    """Return the epoch seconds of a log's time and the name of its zone, if it is no offset."""
    match = TIME.match(text)
    if match is None:
        raise ValueError(text)
    if match[3]:
        return float(match[3]), ""
    zone = match[2] or ""
    moment, _, part = match[1].replace(",", ".").partition(".")
    away = zone if zone[:1] in ("+", "-") else ""
    fraction = float(f"0.{part}") if part else 0.0
    return _whole_second(moment + away) + fraction, "" if away else zone


# A busy server has many lines a second.
_whole_second = functools.lru_cache(maxsize=64)(seconds_of)
