"""JSON of other programs, which may name half a character."""

from __future__ import annotations

import json
import re
from typing import Any

_UNICODE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_ONE_ESCAPE = 6
# What Python's json and JavaScript's loggers write for numbers that JSON has not.
_NO_NUMBER = re.compile(rb"[:\[,]\s*(?:NaN|-?Infinity)\b")


def load_json(text: bytes) -> Any:
    r"""Return what a JSON text says; a lone surrogate, which is not a character, as ``\uNNNN``.

    Browsers and loggers write such for texts that they cut in two.

    Raises:
        orjson.JSONDecodeError: If it is no JSON, or nested too deeply.
    """
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        told = _UNICODE.sub(_without_surrogate, text)
        if _NO_NUMBER.search(told):
            return load_exact(told)
        if told == text:
            raise
        return orjson.loads(told)


def load_exact(text: bytes) -> Any:
    """Return what a JSON text says, with whole numbers of any length, NaN and Infinity.

    Raises:
        orjson.JSONDecodeError: If it is no JSON, or nested too deeply.
    """
    import orjson

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise orjson.JSONDecodeError(error.msg, error.doc, error.pos) from None
    except (RecursionError, ValueError):
        raise orjson.JSONDecodeError("nested or a number too long to be read", "", 0) from None


def _without_surrogate(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return b"\\" + found if len(found) == _ONE_ESCAPE else found
