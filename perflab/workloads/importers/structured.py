"""Files whose lines are not keys though they are text: documents, tables and logs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perflab.errors import BadInputError
from perflab.workloads.importers.columns import is_keyed

MOST = 0.8
FEWEST_FIELDS = 3

_SEPARATORS = re.compile(rb"[\s,;|]+")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"|\[[^\]]*\]')
# What keys are rarely made of and fields of logs and tables are: numbers, times, addresses, a=b.
_FIELD = re.compile(
    rb"-?\d[\d.,:]*(?:ms|us|s|B|kB)?|\d{4}-\d\d-\d\d\S*|\d{1,2}/\w{3}/\d{4}\S*|[\w.]+=\S*|-|\x00"
)
_YAML = re.compile(rb"\s*(?:- )?[\w.@-]+:(?:\s|$)|\s*- \S|---\s*$")
_MARKUP = re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])", re.IGNORECASE)
_SECTION = re.compile(rb"\s*\[\[?[\w. :-]+\]?\]\s*$")
_SETTING = re.compile(rb"\s*[\w.-]+\s*=\s*\S")
# Python's dicts, and JavaScript's objects with names that are not quoted.
_DICT = re.compile(rb"\s*\{\s*['\"]?[A-Za-z_]\w*['\"]?\s*[:=]\s*\S.*[,'\"].*\}\s*,?\s*$")
_ARRAY = re.compile(rb"\s*\[.*,.*\]\s*$")

# What a client sends to a cache; a method before a path or an address is a key as logs have it.
_COMMAND = re.compile(
    rb"\s*(?:\d{1,6}\) )?(M?GETS?|GETEX|GETDEL|GETSET|M?SET|SETNX|P?SETEX|DEL|DELETE|UNLINK|TTL|"
    rb"P?EXPIRE|PERSIST|TOUCH|EXISTS|INCR|INCRBY|DECR|DECRBY|ADD|REPLACE|APPEND|HM?GET|HGETALL|"
    rb"HM?SET|HDEL)"
    rb"\s+(?!/|https?:)\S",
    re.IGNORECASE,
)
_FEWEST_COMMANDS = 2

_AS_TABLE = "make it a CSV with a heading, such as key,time,size"
_BY_HAND = "if each whole line is a key, say so with --format text"


def check_one_key_a_line(lines: Sequence[bytes], place: str) -> None:
    """Refuse a text whose lines are parts of a document, rows of a table or lines of a log.

    Args:
        lines: The first lines that are not blank.
        place: The file, for the error.

    Raises:
        BadInputError: With what it looks like, and how to make of it what is read.
    """
    found = (
        _document(lines) or _sections(lines) or _commands(lines) or _table(lines) or _pairs(lines)
    )
    if found:
        raise BadInputError(found, place)


def _document(lines: Sequence[bytes]) -> str:
    if not lines:
        return ""
    first = lines[0]
    if _MARKUP.match(first):
        return f"is XML or HTML, which is not read; {_AS_TABLE}"
    return ""


def _sections(lines: Sequence[bytes]) -> str:
    if _share(_DICT, lines) >= MOST:
        return (
            "is one object per line, but not in JSON; write each by json.dumps, or the like, "
            "rather than as the program shows it"
        )
    if len(lines) > 1 and _share(_ARRAY, lines) >= MOST:
        return (
            "is one JSON array per line, not an object per line; name the fields, for example with "
            "jq -c '{time: .[0], key: .[1]}' FILE"
        )
    settings = _share(_SETTING, lines)
    if any(map(_SECTION.match, lines)) and settings and settings + _share(_SECTION, lines) >= MOST:
        return f"is TOML or INI, which is not read; {_AS_TABLE}"
    return ""


def _commands(lines: Sequence[bytes]) -> str:
    names = [match[1].upper().decode() for match in map(_COMMAND.match, lines) if match]
    kinds = sorted(set(names))
    if len(names) < MOST * len(lines) or len(kinds) < _FEWEST_COMMANDS:
        return ""
    return (
        f"has commands to a cache ({', '.join(kinds[:3])}), so a line is not a key; make it a CSV "
        f"with a heading, op,key, or record it with redis-cli monitor; {_BY_HAND}"
    )


def check_no_document(lines: Sequence[bytes], place: str) -> None:
    """Refuse a text called a log that is a document or has the headers of a W3C log.

    Raises:
        BadInputError: With what it looks like, and how to make of it what is read.
    """
    if found := _document(lines) or _sections(lines):
        raise BadInputError(found, place)


def _pairs(lines: Sequence[bytes]) -> str:
    if len(lines) > 1 and _share(_YAML, lines) >= MOST:
        return f"is YAML, or lines of name and value, which is not read; {_AS_TABLE}; {_BY_HAND}"
    return ""


def _table(lines: Sequence[bytes]) -> str:
    counts = [_fields(line) for line in lines]
    many = [count for count, odd in counts if odd and count >= 2]
    if not lines or len(many) < MOST * len(lines):
        return ""
    usual = sorted(many)[len(many) // 2]
    if usual < FEWEST_FIELDS and len({count for count, _ in counts}) > 1:
        return ""
    fields = [text.decode(errors="replace") for text in lines[0].split()]
    as_table = "read a table by --separator blank --no-header --columns key=N"
    if is_keyed(fields):
        as_table = "read a table with this heading by --separator blank"
    return (
        f"has about {usual} fields per line, so a line is not a key: it looks like a log or a "
        f"table of a form that is not known; describe a log by its server's words with "
        f"--log-format (such as '$remote_addr [$time_local] \"$request\" $status'), {as_table}, or "
        f"{_AS_TABLE}" + (f"; {_BY_HAND}" if usual < FEWEST_FIELDS else "")
    )


def _fields(line: bytes) -> tuple[int, bool]:
    """Return how many fields a line has, and whether one is what a log or a table has."""
    parts = _SEPARATORS.split(_QUOTED.sub(b"\x00", line).strip())
    return len(parts), any(_FIELD.fullmatch(part) for part in parts)


def _share(pattern: re.Pattern[bytes], lines: Sequence[bytes]) -> float:
    return sum(bool(pattern.match(line)) for line in lines) / len(lines) if lines else 0.0
