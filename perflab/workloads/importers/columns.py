"""Which column of a table is key, time, size, TTL, backend time and operation."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from perflab.errors import BadInputError, nearest
from perflab.units import grouped
from perflab.workloads.importers.role_names import (
    DURATIONS,
    ENDS,
    LOOSE_OPERATIONS,
    OPERATIONS,
    STARTS,
    STATUSES,
    find_role,
    is_named,
    plain_name,
    spelled,
)
from perflab.workloads.importers.template import fields_of, is_template

ROLES = ("key", "time", "size", "ttl", "backend", "op")
ARRIVAL_ROLES = ("start", "time", "end", "duration", "duration_ms")
ARRIVAL_NAMES = {"start": STARTS, "end": ENDS, "duration": DURATIONS}
MOST_NAMES, LONGEST_NAME = 30, 60
# Seconds since 2001 have so many.
FEWEST_DIGITS = 10
_NUMBER = re.compile(r"[-+]?\d[\d.,:eE+-]*")


def parse_columns(text: str) -> dict[str, str]:
    """Return the columns that a text such as ``key=url,time=ts`` or ``key={host}{path}`` names.

    Raises:
        BadInputError: If a part is not ``role=column``, or the role is unknown.
    """
    wanted = {}
    for part in text.split(","):
        role, equals, column = part.partition("=")
        if not equals or not column.strip():
            raise BadInputError(f"{part!r} names no column; write it like key=url", "columns")
        wanted[role.strip()] = column.strip()
    check_roles(wanted, (*ROLES, *ARRIVAL_ROLES))
    return wanted


def check_roles(wanted: Mapping[str, str], roles: Sequence[str] = ROLES) -> None:
    """Check that only known roles are named.

    Raises:
        BadInputError: If a role is unknown; it names the nearest.
    """
    for role in wanted:
        if role not in roles:
            raise BadInputError(f"unknown role {role!r}{nearest(role, roles)}", "columns")


def choose_columns(
    names: Sequence[str], wanted: Mapping[str, str] | None, place: str
) -> dict[str, str]:
    """Return the column of each role that the table has; that of operations where it was named.

    Of CacheLib's traces, ``op_time`` is the time, and ``op_count`` how often a row comes.

    Args:
        names: The columns that there are.
        wanted: The column that the user named for a role.
        place: The file, for the error.

    Raises:
        BadInputError: If a wanted column is missing, there is no key, or a name stands twice.
    """
    wanted = dict(wanted or {})
    check_roles(wanted)
    there = f"; it has: {listed(names)}"
    for role, column in wanted.items():
        templated = role == "key" and is_template(column)
        missing = [name for name in columns_of(role, column) if name not in names]
        if missing and templated:
            text = f"has no column {missing[0]!r} for the key {column!r}{there}"
            raise BadInputError(text, place)
        if missing:
            raise BadInputError(f"has no column {column!r} for the {role}{there}", place)
    of_cachelib = {"op", "op_count"} <= set(names)
    own = {"time": "op_time", "count": "op_count"} if of_cachelib else {}
    chosen = {role: name for role, name in own.items() if name in names}
    others = [role for role in ROLES[1:-1] if role not in chosen]
    found = {role: find_role(role, names) for role in others}
    if found["backend"] in wanted.values():
        found["backend"] = None
    chosen |= {role: name for role, name in found.items() if name is not None} | wanted
    if "key" not in chosen:
        known = find_role("key", names)
        if known is None:
            text = f"has no column for the key (key, url, path, id, row ...){there}"
            raise BadInputError(f"{text}; {_column_advice(names)}", place)
        chosen["key"] = known
    for column in used_columns(chosen):
        if list(names).count(column) > 1:
            raise BadInputError(f"has several columns {column!r}", place)
    return chosen


def arrival_columns(names: Sequence[str]) -> dict[str, str]:
    """Return which columns are the start, end and duration of requests, as far as there are such.

    A duration is one whose name has the unit, or that is called ``duration`` (seconds) or as
    JMeter calls it.
    """
    chosen: dict[str, str] = {}
    for role, known in ARRIVAL_NAMES.items():
        for name in known:
            there = [other for other in names if is_named(other, name, role)]
            if role == "duration":
                there = [other for other in there if duration_unit(other, names) is not None]
            exact = [other for other in there if other.lower() == name]
            if there and role not in chosen:
                chosen[role] = (exact or there)[0]
    return chosen


def duration_unit(name: str, names: Sequence[str]) -> str | None:
    """Return the unit of a column of durations, as its name or its program has it."""
    base, unit = plain_name(name)
    if unit is None and base == "duration":
        return "s"
    # JMeter's results.
    is_jmeter = base == "elapsed" and any(is_named(other, "timestamp", "start") for other in names)
    return "ms" if unit is None and is_jmeter and "label" in names else unit


def is_keyed(names: Sequence[str]) -> bool:
    """Say whether one of some columns has a name that people use for keys."""
    return find_role("key", names) is not None


def looks_like_row(names: Sequence[str]) -> bool:
    """Say whether a first line looks like values rather than names.

    One of them is a number, a date, a path or an address then.
    """
    return any(_is_value(name) for name in names)


def check_heading(names: Sequence[str], wanted: Mapping[str, str] | None, place: str) -> None:
    """Refuse a heading that is a row, or in which blanks stand before quotes.

    Args:
        names: The fields of the first line.
        wanted: The columns that the user named.
        place: The file, for the error.

    Raises:
        BadInputError: With what to do.
    """
    if any(name.startswith(' "') for name in names):
        text = (
            "has blanks before its quotes, which do not count as quotes then; take them out, "
            "such as with sed 's/, *\"/,\"/g' FILE"
        )
        raise BadInputError(text, place)
    stripped = [name.strip() for name in names]
    if not wanted and looks_like_row(stripped) and not is_keyed(stripped):
        text = f"seems to have no heading: its first line is {listed(stripped)}"
        raise BadInputError(f"{text}; {_number_advice(stripped)}", place)


def _is_value(name: str) -> bool:
    is_address = name.startswith(("/", "http://", "https://"))
    return is_address or _NUMBER.fullmatch(name) is not None or _is_moment(name)


def _number_advice(fields: Sequence[str]) -> str:
    """Return how to name columns by number: those that a row's values tell, others as ``N``."""
    times = [i for i, text in enumerate(fields, start=1) if _is_moment(text)]
    keys = [
        i
        for i, text in enumerate(fields, start=1)
        if i not in times and re.search(r"[A-Za-z/].*\d|/", text)
    ]
    if not keys and len(fields) == len(times) + 1:
        keys = [i for i in range(1, len(fields) + 1) if i not in times]
    key = f"key={keys[0]}" if keys else "key=N"
    time = f",time={times[0]}" if times else ""
    arrivals = f", or for arrivals start={times[0] if times else 'N'},duration=N"
    return f"name the columns by number: --no-header --columns {key}{time}{arrivals}"


def _is_moment(text: str) -> bool:
    if _NUMBER.fullmatch(text):
        return len(text.partition(".")[0]) >= FEWEST_DIGITS and text.replace(".", "").isdigit()
    # Here, as it brings Arrow with it.
    from perflab.workloads.importers.moments import parse_moment

    return not math.isnan(parse_moment(text))


def _column_advice(names: Sequence[str]) -> str:
    if len(names) == 1 and (found := re.search(r"[^\w#(\[\"'.-]", names[0].strip())):
        if found[0] == " ":
            return "if blanks part its columns, say so with --separator blank"
        return f"if {found[0]!r} parts its columns, name that with --separator '{found[0]}'"
    return (
        "name one with --columns key=NAME; if that line is a row, name the columns by number: "
        "--no-header --columns key=N"
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a list to show, not all of them where they are many or long."""
    cut = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..." for name in names]
    shown = [name or "(unnamed)" for name in cut]
    more = f" and {grouped(len(names) - MOST_NAMES)} more" if len(names) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more


def columns_of(role: str, column: str) -> list[str]:
    """Return the columns of a role: those in the template of a key, else the one."""
    return fields_of(column) if role == "key" and is_template(column) else [column]


def used_columns(chosen: Mapping[str, str]) -> list[str]:
    """Return every column that plays a role."""
    return [name for role, column in chosen.items() for name in columns_of(role, column)]


def columns_note(
    names: Sequence[str],
    chosen: Mapping[str, str],
    wanted: Mapping[str, str] | None,
    noun: str = "columns",
) -> tuple[str, ...]:
    """Return which columns were guessed for the roles, and which play none; nothing if all are.

    Args:
        names: The columns that there are.
        chosen: The column of each role.
        wanted: Those that the user named.
        noun: What they are called.
    """
    guessed = {role: name for role, name in chosen.items() if role not in (wanted or {})}
    told = [f"{role} from {name}" for role, name in guessed.items() if role != name]
    used = used_columns(chosen)
    unused = [name for name in names if name not in used]
    said = [f"{noun} used: {listed(told)}"] if told else []
    said += [f"{noun} not used: {listed(unused)}"] if unused else []
    if said and unused and not {"time", "start", "end"} & set(chosen):
        said.append("no time among them")
    return ("; ".join(said),) if said else ()


def heading_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return a note where the heading of a text looks like its first row."""
    if not looks_like_row(names):
        return ()
    said = f"the first line ({listed(names)}) is taken for the heading"
    return (f"{said}: if it is a row, its request is lost",)


def operation_column(names: Sequence[str], chosen: Mapping[str, str]) -> list[int]:
    """Return the place of the column that says whether a row reads or writes, if there is one."""
    # A key that joins a method with a path still counts what writes as a read.
    used = [name for name in chosen.values() if not is_template(name)]
    return _only_one((*OPERATIONS, *LOOSE_OPERATIONS), names, used)


def status_column(names: Sequence[str], chosen: Mapping[str, str]) -> list[int]:
    """Return the place of the column of a server's answers, if there is one."""
    return _only_one(STATUSES, names, used_columns(chosen))


def is_loose(names: Sequence[str], places: Sequence[int]) -> bool:
    """Say whether the column of operations may as well be of something else."""
    loose = {spelled(name) for name in LOOSE_OPERATIONS}
    return any(spelled(names[place]) in loose for place in places)


def _only_one(known: Sequence[str], names: Sequence[str], used: Sequence[str]) -> list[int]:
    """Return the place of the first known name that exactly one column has, which is not used."""
    there = [spelled(name) for name in names]
    for name in map(spelled, known):
        if there.count(name) == 1 and names[there.index(name)] not in used:
            return [there.index(name)]
    return []
