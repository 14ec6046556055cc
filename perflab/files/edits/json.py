"""Values in JSON, whose positions a scanner of our own tells: the standard parser tells none."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

from perflab.errors import BadInputError
from perflab.files.edits.comments import NOTE, without_comments
from perflab.files.edits.paths import KeyPath, names_of, path_text
from perflab.files.edits.spots import (
    Leaf,
    NotThereError,
    Spot,
    Value,
    line_of,
    not_there,
    one_of,
    plain_text,
)

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_ATOM = re.compile(r"[^ \t\r\n,\]}]+")
_MOST_DIGITS = 400


@dataclasses.dataclass(slots=True)
class _Node:
    """A value with its place; `members` of an object and an array, the keys of an array None."""

    start: int
    end: int = 0
    members: list[tuple[str | None, _Node]] | None = None


def find(text: str, path: KeyPath) -> Spot:
    """Return where a value is.

    A step that is a name leads through an array too: to the object whose ``name`` it is. Comments
    and trailing commas are passed over.

    Raises:
        BadInputError: If it is not JSON, or the value is not there or ambiguous.
    """
    plain = without_comments(text)
    _check(plain)
    spot = _walk(plain, _scan(plain, 0), path, 0)
    return spot if plain == text else dataclasses.replace(spot, notes=(NOTE,))


def leaves(text: str) -> list[Leaf]:
    """Return all values of a text with their paths, in their order."""
    found: list[Leaf] = []
    _collect(_check(without_comments(text)), "", found)
    return found


def _check(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Pairs, parse_int=_number)
    except json.JSONDecodeError as error:
        raise BadInputError(f"is not valid JSON (line {error.lineno}: {error.msg})") from None
    except RecursionError:
        raise BadInputError("is nested too deeply") from None


def _number(text: str) -> int | str:
    """Return a whole number; one of more digits than Python makes a number of stays a text."""
    return text if len(text) > _MOST_DIGITS else int(text)


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, those that are there twice too."""


def _collect(value: Any, path: str, found: list[Leaf]) -> None:
    if isinstance(value, _Pairs):
        for name, inner in value:
            _collect(inner, f"{path}/{name}", found)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _collect(inner, f"{path}[{place}]", found)
    else:
        found.append((path, value))


def _scan(text: str, position: int) -> _Node:
    """Return the value that begins at a position, of a text that is JSON."""
    node = _Node(_skip(text, position))
    sign = text[node.start]
    if sign not in "{[":
        found = (_STRING if sign == '"' else _ATOM).match(text, node.start)
        assert found is not None  # noqa: S101  (the text is JSON)
        node.end = found.end()
        return node
    node.members = list(_members(text, node, sign == "{"))
    return node


def _members(text: str, node: _Node, keyed: bool) -> Iterator[tuple[str | None, _Node]]:
    position = _skip(text, node.start + 1)
    while text[position] not in "}]":
        key = None
        if keyed:
            found = _STRING.match(text, position)
            assert found is not None  # noqa: S101  (the text is JSON)
            key = str(json.loads(found[0]))
            position = _skip(text, found.end()) + 1
        value = _scan(text, position)
        yield key, value
        position = _skip(text, value.end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    node.end = position + 1


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _walk(text: str, node: _Node, path: KeyPath, depth: int) -> Spot:
    if depth == len(path):
        return _spot(text, node, path)
    if node.members is None:
        raise NotThereError(
            f"{path_text(path[:depth]) or 'the file'} is one value, which has no {path[depth]!r}",
            path_text(path),
            depth,
        )
    into = _in_object if text[node.start] == "{" else _in_array
    return into(text, node.members, path, depth)


_Members = list[tuple[str | None, _Node]]


def _in_object(text: str, members: _Members, path: KeyPath, depth: int) -> Spot:
    named = [(str(key), value) for key, value in members]
    ways = []
    # A key may have dots of its own.
    for end in range(depth + 1, len(path) + 1):
        name = names_of(path[depth:end])
        value = one_of(name, named, lambda each: line_of(text, each.start))
        if value is not None:
            ways.append((end, value))
    if len(ways) > 1:
        text_of = path_text(path)
        raise BadInputError("may be meant in two ways; write the key in quotes", text_of)
    if not ways:
        raise not_there(path, depth, [name for name, _ in named])
    return _walk(text, ways[0][1], path, ways[0][0])


def _in_array(text: str, members: _Members, path: KeyPath, depth: int) -> Spot:
    step = path[depth]
    if isinstance(step, int):
        if step >= len(members):
            raise not_there(path, depth, ())
        return _walk(text, members[step][1], path, depth + 1)
    named = [(name, item) for _, item in members for name in _name_of(text, item)]
    found = one_of(step, named, lambda each: line_of(text, each.start))
    if found is None:
        raise not_there(path, depth, [name for name, _ in named])
    rest = path if depth + 1 < len(path) else (*path, "value")
    return _walk(text, found, rest, depth + 1)


def _name_of(text: str, node: _Node) -> Iterator[str]:
    """Yield the ``name`` of an object in an array."""
    for key, value in node.members or ():
        if key == "name" and text[value.start] == '"':
            yield str(json.loads(text[value.start : value.end]))


def _spot(text: str, node: _Node, path: KeyPath) -> Spot:
    if node.members is not None:
        raise BadInputError("names several values; name one of them", path_text(path))
    raw = text[node.start : node.end]
    if raw.startswith('"'):
        return Spot(node.start, node.end, str(json.loads(raw)), _quoted)
    return Spot(node.start, node.end, raw, _literal)


def _quoted(value: Value) -> str:
    return json.dumps(plain_text(value))


def _literal(value: Value) -> str:
    return json.dumps(value)
