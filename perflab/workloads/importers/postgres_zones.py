"""The zones of a log's times, by the abbreviations that PostgreSQL writes."""

from __future__ import annotations

from collections.abc import Collection

_HOUR = 3600.0
# Abbreviations by hours from UTC, of those that the time zone database has for one offset only.
_BY_HOURS = {
    -10: "HST",
    -9: "AKST HDT",
    -8: "PST AKDT",
    -7: "MST PDT",
    -6: "MDT",
    -5: "EST CDT",
    -4: "AST EDT",
    -3.5: "NST",
    -3: "ADT",
    -2.5: "NDT",
    0: "UTC GMT Z WET",
    1: "CET BST WEST",
    2: "EET CEST SAST CAT",
    3: "MSK EEST EAT IDT",
    5: "PKT",
    7: "WIB",
    8: "HKT AWST WITA",
    9: "JST KST",
    9.5: "ACST",
    10: "AEST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
}
_HOURS = {"": 0.0} | {name: hours for hours, some in _BY_HOURS.items() for name in some.split()}
# Those of several offsets, by another that is in the log too, into which the clock was changed.
_BESIDE = {("CST", "CDT"): -6.0, ("IST", "IDT"): 2.0, ("IST", "GMT"): 1.0}


def seconds_from_utc(names: Collection[str]) -> dict[str, float]:
    """Return how many seconds each zone of a log is ahead of UTC, of those that are known.

    Args:
        names: All the abbreviations in the log; "" for none.
    """
    known = {name: _HOURS[name] for name in names if name in _HOURS}
    for (name, other), hours in _BESIDE.items():
        if name in names and other in names:
            known.setdefault(name, hours)
    return {name: hours * _HOUR for name, hours in known.items()}


def zone_notes(names: Collection[str]) -> tuple[str, ...]:
    """Return how the times of a log's zones were read; none where all are UTC."""
    known = seconds_from_utc(names)
    named = sorted(name for name in names if name)
    unknown = [name for name in named if name not in known]
    if len(named) > 1 and unknown:
        text = (
            f"times of the zones {', '.join(named)}: {', '.join(unknown)} may mean several and is "
            "read as UTC, so the gap where one follows another may be wrong; set "
            "log_timezone = 'UTC'"
        )
        return (text,)
    if unknown:
        return (f"the zone {unknown[0]} is read as UTC; only gaps matter",)
    read = [f"{name} as UTC{_offset(known[name])}" for name in named if known[name]]
    return (f"zones: {', '.join(read)}",) if read else ()


def _offset(seconds: float) -> str:
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"
