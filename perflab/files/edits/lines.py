"""Values in files of single lines: redis.conf, INI, Java properties and .env."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from perflab.errors import BadInputError
from perflab.files.edits.paths import KeyPath, names_of, path_text
from perflab.files.edits.spots import (
    Leaf,
    Spot,
    Value,
    line_of,
    not_there,
    one_of,
    plain_text,
)

_LINE = re.compile(r"[^\n]*\n?")
_DIRECTIVE = re.compile(r"([A-Za-z][\w.-]*)[ \t]+(\S.*)")
_SECTION = re.compile(r"\[([^\]]*)\]")
_ASSIGNMENT = re.compile(r"([^\s=:\[#;][^=:]*)[=:][ \t]*(.*)")
_PROPERTY = re.compile(r"((?:\\.|[^\\=:\s])+)(?:[ \t\f]*[=:][ \t\f]*|[ \t\f]+|$)(.*)")
_ASSIGNED = re.compile(r"[\w.-]+[ \t]*[=:]")
# A run of blanks is looked at from its first one alone, or a long one would take for ever.
_COMMENT = re.compile(r"(?<![ \t])[ \t]+[#;].*")
_HASH = re.compile(r"(?<![ \t])[ \t]+#.*")
_VARIABLE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?:(?:'([^']*)'|"((?:[^"\\]|\\.)*)")(?=[ \t]*(?:[ \t]\#[^\n]*)?\r?$)
    |([^'"\n][^\n]*|)$)""",
    re.MULTILINE | re.VERBOSE,
)
_SAFE = re.compile(r"[\w.+/@%,-]*")
_BLANKS = " \t\r\n\f"
_SIGNS = ("#", ";")
_REMARK = "has a remark behind its value, which Redis refuses; put it into a line of its own first"


class Entry(NamedTuple):
    """A key with its value, in a line of its own.

    `start` and `end` hold the value with its quotes. `wrong` is why it cannot be replaced.
    """

    name: str
    start: int
    end: int
    value: str
    write: Callable[[Value], str]
    wrong: str = ""


Entries = Callable[[str], Iterator[Entry]]


def finder(entries: Entries) -> Callable[[str, KeyPath], Spot]:
    """Return what finds a value by its name, which may have dots, among the entries of a text."""

    def find(text: str, path: KeyPath) -> Spot:
        named = [(entry.name, entry) for entry in entries(text)]
        entry = one_of(names_of(path), named, lambda each: line_of(text, each.start))
        if entry is None:
            whole: KeyPath = (names_of(path),)
            raise not_there(whole, 0, [name for name, _ in named])
        if entry.wrong:
            raise BadInputError(entry.wrong, path_text(path))
        notes = tuple(
            f"the file includes {other.value}, which may set {entry.name} again"
            for name, other in named
            if name == "include"
        )
        return Spot(entry.start, entry.end, entry.value, entry.write, notes)

    return find


def lister(entries: Entries) -> Callable[[str], list[Leaf]]:
    """Return what lists all values of a text."""

    def leaves(text: str) -> list[Leaf]:
        return [(entry.name, entry.value) for entry in entries(text)]

    return leaves


def directives(text: str) -> Iterator[Entry]:
    """Yield the lines of a ``redis.conf``: a name, blanks, a value; no comment behind it.

    Source: the head of the ``redis.conf`` that Redis ships; names are of either case.
    """
    for start, line in _lines(text):
        found = _DIRECTIVE.fullmatch(line)
        if found is None:
            continue
        begin, raw = start + found.start(2), found[2]
        quote = raw[0] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" else ""
        value = raw[1:-1] if quote else raw
        wrong = "" if quote or _HASH.search(raw) is None else _REMARK
        yield Entry(found[1].lower(), begin, begin + len(raw), value, _conf_writer(quote), wrong)


def _conf_writer(quote: str) -> Callable[[Value], str]:
    def write(value: Value) -> str:
        text = plain_text(value)
        if quote or not _SAFE.fullmatch(text) or not text:
            if not text.isprintable() or '"' in text or "\\" in text:
                raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
            return f"{quote or chr(34)}{text}{quote or chr(34)}"
        return text

    return write


def assignments(text: str) -> Iterator[Entry]:
    """Yield the entries of an INI file, each named ``section.key``; without one, ``key``.

    A comment behind a value stays, where blanks are before it.
    """
    section = ""
    last: Entry | None = None
    for start, line in _lines(text):
        if line[:1] in ("#", ";"):
            continue
        head = _SECTION.match(line)
        if head is not None:
            section = f"{head[1].strip()}."
            continue
        found = _ASSIGNMENT.fullmatch(line)
        indented = start > 0 and text[start - 1] in " \t"
        if found is None and indented and last is not None:
            last = last._replace(wrong="goes on in further lines; edit it by hand")
        if last is not None:
            yield last
        last = None
        if found is None:
            continue
        raw = _COMMENT.sub("", found[2]).rstrip(_BLANKS)
        begin = start + found.start(2)
        quote = raw[0] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" else ""
        name = f"{section}{found[1].rstrip(_BLANKS)}"
        value = raw[1:-1] if quote else raw
        wrong = "has a remark and no value; write one before it" if raw[:1] in _SIGNS else ""
        last = Entry(name, begin, begin + len(raw), value, _ini_writer(quote), wrong)
    if last is not None:
        yield last


def properties(text: str) -> Iterator[Entry]:
    """Yield the entries of Java properties; the dots are part of their names.

    Source: ``java.util.Properties.load``.
    """
    continued = False
    for start, line in _lines(text):
        goes_on = len(line) - len(line.rstrip("\\")) & 1 == 1
        if continued:
            continued = goes_on
            continue
        if line[:1] in ("#", "!"):
            continue
        found = _PROPERTY.fullmatch(line)
        continued = goes_on
        if found is None:
            continue
        begin = start + found.start(2)
        wrong = "goes on in further lines; edit it by hand" if goes_on else ""
        name = re.sub(r"\\(.)", r"\1", found[1])
        write = _property if found[2] or line[-1] in "=:" else _first_property
        yield Entry(name, begin, begin + len(found[2]), found[2], write, wrong)


def variables(text: str) -> Iterator[Entry]:
    """Yield the variables of a ``.env``; one in quotes may have several lines.

    Source: the documentation of python-dotenv and of Docker Compose's ``env_file``.
    """
    position = 0
    while (found := _VARIABLE.search(text, position)) is not None:
        position = max(found.end(), found.start() + 1)
        group = next(number for number in (2, 3, 4) if found[number] is not None)
        quote = {2: "'", 3: '"', 4: ""}[group]
        value = found[group] if quote else _HASH.sub("", found[group]).rstrip(_BLANKS)
        start = found.start(group) - len(quote)
        end = start + len(value) + 2 * len(quote)
        yield Entry(found[1], start, end, value, _env_writer(quote))


def _env_writer(quote: str) -> Callable[[Value], str]:
    def write(value: Value) -> str:
        text = plain_text(value)
        if quote == "'" and "'" not in text:
            return f"'{text}'"
        if not quote and _SAFE.fullmatch(text):
            return text
        if any(sign in text for sign in '"\\$\n\r'):
            raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
        return f'"{text}"'

    return write


def find_in_block(text: str, path: KeyPath) -> Spot:
    """Return a value in a block of lines within another file, by what its lines look like."""
    first = next((line for _, line in _lines(text) if line and line[0] not in "#;!"), "")
    kind = directives
    if _SECTION.match(first):
        kind = assignments
    elif _ASSIGNED.match(first):
        kind = properties
    return finder(kind)(text, path)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield where the words of each line begin, and the line without blanks around it."""
    for found in _LINE.finditer(text):
        line = found[0].strip(_BLANKS)
        if line:
            yield found.start() + len(found[0]) - len(found[0].lstrip(_BLANKS)), line


def _one_line(value: Value) -> str:
    text = plain_text(value)
    if not text.isprintable() or re.search(r"\s[#;]", text) or text != text.strip():
        raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
    return text


def _ini_writer(quote: str) -> Callable[[Value], str]:
    def write(value: Value) -> str:
        text = plain_text(value)
        if not quote:
            return _one_line(text)
        if not text.isprintable() or quote in text or "\\" in text:
            raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
        return f"{quote}{text}{quote}"

    return write


def _property(value: Value) -> str:
    text = plain_text(value).replace("\\", "\\\\")
    if not text.isprintable() or not text.isascii():
        raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
    return text


def _first_property(value: Value) -> str:
    return f"={_property(value)}"
