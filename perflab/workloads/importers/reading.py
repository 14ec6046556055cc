"""`Reading`: what a user says of how a file is to be read, beside its format.

Benches and kinds of workloads hand one mapping through, ``columns``; these options travel in it
beside the columns of roles, so that whoever loads workloads of a kind need not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from perflab.errors import BadInputError, nearest
from perflab.workloads.formats import NAMED_COLUMNS
from perflab.workloads.importers.time_units import UNITS

OPTIONS = ("log_format", "time_unit", "separator", "no_header")
_UNIT_WORDS = {"µs": "us", "μs": "us", "sec": "s", "seconds": "s", "milliseconds": "ms"}
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": " "}
_MORE_SEPARATORS = {"\\t": "\t", "space": " "}
_YES = "yes"
_ARRIVAL_TABLES = ("durations",)
# The formats of which something may be named.
_OF_COLUMNS = (*NAMED_COLUMNS, *_ARRIVAL_TABLES)
_OF_TABLES = ("csv", *_ARRIVAL_TABLES)
_APPLIES = {
    "columns": _OF_COLUMNS,
    "log_format": ("combined",),
    "time_unit": _OF_COLUMNS,
    "separator": _OF_TABLES,
    "no_header": _OF_TABLES,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read.

    Attributes:
        columns: The column of each role that the user named.
        log_format: A name of a log format, or a server's own words for it; None to detect it.
        time_unit: One of `UNITS`; None to tell it by the size of the times.
        separator: What parts the fields of a text table; a blank stands for any number of blanks
            and tabs. None to detect it.
        has_header: Whether the first line of a text table names its columns; if not, they are
            called by their numbers from 1.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    log_format: str | None = None
    time_unit: str | None = None
    separator: str | None = None
    has_header: bool = True

    @property
    def is_table(self) -> bool:
        """Whether what was said is of text tables alone."""
        return self.separator is not None or not self.has_header

    @classmethod
    def of(cls, columns: Mapping[str, str] | None) -> Reading:
        """Return what a mapping of columns and `OPTIONS` says.

        Raises:
            BadInputError: If a unit or separator is unknown, or options exclude each other.
        """
        named = dict(columns or {})
        log_format = named.pop("log_format", None)
        unit = named.pop("time_unit", None)
        separator = named.pop("separator", None)
        has_header = named.pop("no_header", None) is None
        reading = cls(named, log_format, _unit(unit), _separator(separator), has_header)
        if log_format is not None and reading.is_table:
            text = "is for logs, and separator and no_header are for tables; give one of them"
            raise BadInputError(text, "log_format")
        return reading


def with_options(
    columns: Mapping[str, str] | None,
    *,
    log_format: str | None = None,
    time_unit: str | None = None,
    separator: str | None = None,
    no_header: bool = False,
) -> dict[str, str]:
    """Return columns and options as the one mapping that travels; see `Reading`.

    Raises:
        BadInputError: If an option is wrong.
    """
    given = {
        "log_format": log_format,
        "time_unit": time_unit,
        "separator": separator,
        "no_header": _YES if no_header else None,
    }
    merged = dict(columns or {}) | {name: text for name, text in given.items() if text is not None}
    Reading.of(merged)
    return merged


def applicable(kind: str | None) -> frozenset[str]:
    """Return what may be named of a file: ``columns`` and `OPTIONS`, as far as they apply.

    Args:
        kind: Its format; None for one that is not known yet, of which all may be.
    """
    return frozenset(option for option, kinds in _APPLIES.items() if kind in (None, *kinds))


def check_format(kind: str | None, columns: Mapping[str, str]) -> None:
    """Refuse what was named of a file for a format that has none of it.

    Raises:
        BadInputError: With what may be named.
    """
    check_applies(kind, Reading.of(columns))


def check_applies(kind: str | None, reading: Reading) -> None:
    """Refuse what a reading says of a file for a format that has none of it.

    Raises:
        BadInputError: As `check_format` does.
    """
    allowed = applicable(kind)
    if reading.columns and "columns" not in allowed:
        text = f"only {', '.join(NAMED_COLUMNS)} have columns to name, not {kind}"
        raise BadInputError(text, "columns")
    if reading.log_format is not None and "log_format" not in allowed:
        raise BadInputError(f"applies only to logs, not to {kind}", "log_format")
    if reading.is_table and "separator" not in allowed:
        raise BadInputError(f"apply only to text tables, not to {kind}", "separator and no_header")
    if reading.time_unit is not None and "time_unit" not in allowed:
        raise BadInputError(f"applies only to tables, logs and JSON, not to {kind}", "time_unit")


def separator_word(separator: str) -> str:
    """Return the word for a separator, as `SEPARATORS` has it, or itself where it has none."""
    return next((word for word, sign in SEPARATORS.items() if sign == separator), separator)


def _unit(text: str | None) -> str | None:
    if text is None:
        return None
    unit = _UNIT_WORDS.get(text.strip(), text.strip())
    if unit not in UNITS:
        said = f"unknown unit {text!r}{nearest(unit, tuple(UNITS))}; units are {', '.join(UNITS)}"
        raise BadInputError(said, "time_unit")
    return unit


def _separator(text: str | None) -> str | None:
    if text is None:
        return None
    found = (SEPARATORS | _MORE_SEPARATORS).get(text.lower(), text)
    if len(found) != 1 or found in '"\r\n':
        said = f"{text!r} is not one character; write it like ',' or as tab or blank"
        raise BadInputError(said, "separator")
    return found
