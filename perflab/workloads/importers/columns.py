"""Which column of a table is the key, the time, the size and the TTL; and those of arrivals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from perflab.errors import BadInputError, nearest
from perflab.units import grouped
from perflab.workloads.importers.template import fields_of, is_template

ROLES = ("key", "time", "size", "ttl")
ARRIVAL_ROLES = ("start", "time", "end", "duration", "duration_ms")
MOST_NAMES, LONGEST_NAME = 30, 60
OPERATION_NAMES = (
    *("op", "operation", "command", "cmd", "method", "verb", "request_method", "http_method"),
    *("op_type", "optype", "opcode"),
)
# These may as well be of the object.
LOOSE_NAMES = ("action", "event", "event_type", "type", "request_type", "rw")
_NUMBER = re.compile(r"[-+]?\d[\d.,:eE+-]*")
KEY_NAMES = ("key", "id", "url", "path", "row")


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
    """Return the column of each role that the table has.

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
    chosen = {role: role for role in ROLES[1:] if role in names} | wanted
    if "key" not in chosen:
        known = [name for name in KEY_NAMES if name in names]
        if not known:
            text = f"has no column for the key (key, id, url, path or row){there}"
            raise BadInputError(f"{text}; name one with --columns key=NAME", place)
        chosen["key"] = known[0]
    for column in used_columns(chosen):
        if list(names).count(column) > 1:
            raise BadInputError(f"has several columns {column!r}", place)
    return chosen


def looks_like_row(names: Sequence[str]) -> bool:
    """Say whether a first line looks like values rather than names: one of them is a number."""
    return any(_NUMBER.fullmatch(name) for name in names)


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
    lowered = [name.lower() for name in names]
    for name in (*OPERATION_NAMES, *LOOSE_NAMES):
        if lowered.count(name) == 1 and names[lowered.index(name)] not in used:
            return [lowered.index(name)]
    return []


def is_loose(names: Sequence[str], places: Sequence[int]) -> bool:
    """Say whether the column of operations may as well be of something else."""
    return any(names[place].strip().lower() in LOOSE_NAMES for place in places)
