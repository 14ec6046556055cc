"""Whole JSON documents: HAR files, and how bytes in JSON that are not UTF-8 are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_json
from perflab.workloads.importers.json_fields import FieldIndex
from perflab.workloads.importers.role_names import JSON_KEYS
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK

# A byte that is not UTF-8 reads as \\xNN, for which JSON wants two backslashes.
ESCAPE = "\\\\x"
# Objects of Python take about so many times the bytes of their JSON.
TIMES = 4
_DEPTH = 3
_AFTER = re.compile(r"[\s,]*")
_HAR_START = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
_BETWEEN = re.compile(rb"\}[ \t\r]*\n\s*\{")


def begins_as_har(head: bytes) -> bool:
    """Say whether a JSON text begins as a HAR file does."""
    head = head.removeprefix(BYTE_ORDER_MARK)
    # Of a log with such an object on each line, the second begins as the first does.
    several = _HAR_START.match(head.partition(b"\n")[2]) is not None
    return _HAR_START.match(head) is not None and not several


def load_archive(source: Source) -> list[Any]:
    """Return the entries of a HAR file.

    Raises:
        BadInputError: With the line, if it is no JSON; if it is too large, or has no entries.
    """
    content = source.whole(TIMES, ESCAPE)
    try:
        archive = load_json(content)
    except orjson.JSONDecodeError as error:
        text = f"is not valid JSON, or is cut off ({error.msg}); save it again from the browser"
        raise BadInputError(text, f"{source.place}:{error.lineno}") from None
    log = archive.get("log") if isinstance(archive, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list) or not entries:
        text = "has no entries of requests (log.entries); is it a HAR file?"
        raise BadInputError(text, source.place)
    return entries


def load_objects(source: Source, load: Callable[[bytes], Any] = load_json) -> list[Any]:
    """Return the objects of a JSON document: an array's, several one after the other, or one's.

    Of an object around them, such as ``{"Records": [...]}``, it is those of its longest list.

    Args:
        source: The file.
        load: What reads a JSON text.

    Raises:
        BadInputError: With the line, if it is no JSON; if it is too large, or has no objects.
    """
    content = source.whole(TIMES, ESCAPE).strip()
    is_array = content[:1] == b"["
    # Some programs write a comma behind each object, also behind the last.
    listed = content if is_array else b"[" + _BETWEEN.sub(b"},\n{", content.rstrip(b",")) + b"]"
    try:
        found = load(listed)
    except orjson.JSONDecodeError as error:
        found = None if is_array else _one_after_another(content)
        if found is None:
            text = f"is not valid JSON, or is cut off ({error.msg}); write one object per line"
            raise BadInputError(text, f"{source.place}:{error.lineno}") from None
    if len(found) == 1 and isinstance(found[0], dict):
        found = _inside(found[0], source.place)
    if not any(isinstance(each, dict) for each in found):
        text = (
            "is a JSON array whose elements are not objects, so no field names the key; make it a "
            "CSV with a heading, such as key,time,size"
        )
        raise BadInputError(text, source.place)
    return list(found)


def _one_after_another(content: bytes) -> list[Any] | None:
    """Return objects between which nothing stands, or blanks and commas; None if one is none."""
    text, decoder, place, found = content.decode(), json.JSONDecoder(), 0, []
    try:
        while place < len(text):
            value, end = decoder.raw_decode(text, place)
            found.append(value)
            after = _AFTER.match(text, end)
            place = after.end() if after else end
    except (ValueError, RecursionError):
        return None
    return found


def _inside(outer: dict[str, Any], place: str) -> list[Any]:
    """Return the objects of the longest list in an object; itself where it has none.

    Raises:
        BadInputError: If it holds whole columns.
    """
    index = FieldIndex([outer])
    if "key" in index.choose({"key": JSON_KEYS}, {}):
        return [outer]
    lists = sorted(_lists(outer, _DEPTH), key=len)
    if lists:
        return lists[-1]
    columns = [value for value in outer.values() if isinstance(value, (list, dict))]
    lengths = {len(value) for value in columns}
    if len(columns) == len(outer) > 1 and len(lengths) == 1 and lengths.pop() > 1:
        text = (
            f"has a list for each column ({', '.join(list(outer)[:3])}), not an object per "
            "request; in pandas write it by to_json(orient='records', lines=True)"
        )
        raise BadInputError(text, place)
    return [outer]


def _lists(value: Any, depth: int) -> Iterator[list[Any]]:
    """Yield the lists of objects in a value, but not those within them."""
    if isinstance(value, list):
        if any(isinstance(each, dict) for each in value):
            yield value
    elif isinstance(value, dict) and depth:
        for each in value.values():
            yield from _lists(each, depth - 1)


def shown(value: Any) -> str:
    """Return a value as a text to show, however deeply it is nested."""
    try:
        return str(value)
    except RecursionError:
        return "a deeply nested value"
