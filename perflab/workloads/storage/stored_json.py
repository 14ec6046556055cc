"""JSON that perflab wrote and reads back: nothing is believed of it before it is checked."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any

from perflab.errors import BadInputError

MOST_BYTES = 1 << 28
MOST_DEPTH = 100
_MOST_DIGITS = 20
_LARGEST = 2**64
# What Python makes of bytes in a file's name that are not UTF-8, and halves of characters.
_NAME_BYTE = re.compile(r"[\udc80-\udcff]")
_HALF = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")


def read_json_file(
    path: str | os.PathLike[str], most_bytes: int = MOST_BYTES, *, show_bytes: bool = False
) -> Any:
    """Read a JSON document from a file, or from a pipe that has a writer.

    Args:
        path: Where it is; it is named so in errors.
        most_bytes: The most that such a file may hold.
        show_bytes: See `parse_json`.

    Raises:
        BadInputError: If it cannot be read, is larger, or breaks `parse_json`.
    """
    place = os.fspath(path)
    try:
        data = _read(Path(path).expanduser(), most_bytes)
    except OSError as error:
        hint = "; check the spelling" if isinstance(error, FileNotFoundError) else ""
        raise BadInputError(f"cannot be read ({error.strerror}){hint}", place) from None
    except ValueError:  # a NUL in the name
        raise BadInputError("cannot be read (not a file's name)", place) from None
    if data is None:
        text = f"is larger than {most_bytes >> 20} MiB, so perflab did not write it"
        raise BadInputError(text, place)
    return parse_json(data, place, show_bytes=show_bytes)


def parse_json(data: bytes | str, place: str, *, show_bytes: bool = False) -> Any:
    r"""Return a JSON document as Python values, all of which can be computed with and written.

    Every number is finite and fits into 64 bits, no text holds half a character, no name comes
    twice in an object, and nothing is nested so deep that a walk through it would fail.

    Args:
        data: The document.
        place: Where it is from, for errors.
        show_bytes: Whether bytes of a file's name that are not UTF-8 become texts such as
            ``\xff``, which can be written as UTF-8; else they stay, and the file can be opened.

    Raises:
        BadInputError: With the line, if it is not such a document.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError:
        raise BadInputError("cannot be read (not a text)", place) from None
    except json.JSONDecodeError as error:
        raise BadInputError(f"is not JSON ({error.msg})", f"{place}:{error.lineno}") from None
    except RecursionError:
        raise BadInputError("is damaged: nested too deep", place) from None
    except _FaultError as fault:
        raise BadInputError(f"is damaged: {fault}", place) from None
    escaped = "\\u" in text
    _check(found, place, texts=escaped)
    return _shown(found) if show_bytes and escaped else found


class _FaultError(ValueError):
    """What is wrong with a value, in words."""


def _read(path: Path, most_bytes: int) -> bytes | None:
    # So that opening a FIFO without a writer does not wait for one.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123 - it is open already
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(None, "is a folder")
        if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
            raise OSError(None, "not a regular file")
        os.set_blocking(descriptor, True)
        data = file.read(most_bytes + 1)
    return data if len(data) <= most_bytes else None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _FaultError(f"{twice[:40]!a} comes twice in one object")
    return found


def _whole(text: str) -> int:
    if len(text) <= _MOST_DIGITS and -_LARGEST < (number := int(text)) < _LARGEST:
        return number
    raise _FaultError(f"the number {text[:20]}... does not fit into 64 bits")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _FaultError(f"the number {text[:20]} is too large")
    return number


def _no_number(text: str) -> float:
    raise _FaultError(f"{text} is not a number")


def _check(found: object, place: str, *, texts: bool) -> None:
    """Refuse what is nested too deep and, where texts may hold them, halves of characters."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise BadInputError("is damaged: nested too deep", place)
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
                if texts:
                    below += value
            elif isinstance(value, list):
                below += value
            elif texts and isinstance(value, str) and _HALF.search(value):
                raise BadInputError("is damaged: a text holds half a character", place)
        level = below


def _shown(value: object) -> Any:
    if isinstance(value, str):
        return _NAME_BYTE.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {_shown(key): _shown(item) for key, item in value.items()}
    return value
