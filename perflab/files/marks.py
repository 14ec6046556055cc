"""Which files bear perflab's mark, so that a newer one may take their place unasked."""

from __future__ import annotations

import os
import re
from pathlib import Path

_HEAD_BYTES = _TAIL_BYTES = 4096
_KINDS = b"run|predictions|recommendation|comparison|calibration|report"
_RESULT = re.compile(rb'\s*\{\s*"kind"\s*:\s*"(?:%s)"\s*,\s*"format"\s*:\s*\d+\s*,' % _KINDS)
_PAGE = re.compile(rb'\s*<!DOCTYPE html>.*?<meta name="generator" content="perflab ', re.DOTALL)
_TEXT = re.compile(rb"<!-- Made with perflab [^<>]* -->\s*\Z")


def markdown_mark() -> str:
    """Return the last line of a text in Markdown, which readers do not see."""
    from importlib.metadata import version  # slow to load, and only reports need it

    return f"<!-- Made with perflab {version('perflab')} -->"


def bears_mark(path: str | os.PathLike[str]) -> bool:
    """Say whether perflab wrote a file: a result, or a report as page, text or JSON.

    What cannot be read is taken for the user's.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return False
    return bool(_RESULT.match(head) or _PAGE.match(head) or _TEXT.search(tail))
