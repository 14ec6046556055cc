"""Whole JSON documents: HAR files, and how bytes in JSON that are not UTF-8 are kept."""

from __future__ import annotations

from typing import Any

import orjson

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_json
from perflab.workloads.importers.source import Source

# A byte that is not UTF-8 reads as \\xNN, for which JSON wants two backslashes.
ESCAPE = "\\\\x"
# Objects of Python take about so many times the bytes of their JSON.
TIMES = 4


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


def shown(value: Any) -> str:
    """Return a value as a text to show, however deeply it is nested."""
    try:
        return str(value)
    except RecursionError:
        return "a deeply nested value"
