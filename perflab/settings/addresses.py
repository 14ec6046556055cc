"""What a setting that holds an address takes: a host, or a URL of the web or a file of them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from perflab.errors.addresses import HIDDEN, WEB, shown_address

_HOST = re.compile(r"[\w.-]+|(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]+(?:%\w+)?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_SECRET = frozenset("@?=;")
_MOST_SHOWN = 80


def is_host(text: str) -> bool:
    """Say whether a text is the name or the number of a host, without port, user and scheme."""
    return _HOST.fullmatch(text) is not None


def check_host(text: str) -> str:
    """Return the name or number of a host; what was hidden in a result is left as it is.

    Raises:
        ValueError: If it is neither; pydantic turns that into its own error.
    """
    if not is_host(text) and HIDDEN not in text:
        raise ValueError(f"{_quoted(text)} is not the name or number of a host")
    return text


def check_web_address(text: str) -> str:
    """Return a URL of http or https, or what may be the path of a file.

    Whether the file is there is said where it is read: a result of another machine has settings
    too. So is what was hidden in a result.

    Raises:
        ValueError: If it is neither; pydantic turns that into its own error.
    """
    if HIDDEN in text or _is_path(text):
        return text
    found = _SCHEME.match(text.strip())
    if found is None or found[1].lower() not in WEB:
        raise ValueError(f"{_quoted(text)} is neither a URL of http or https nor a file")
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{_quoted(text)} is not a valid URL") from None
    if not host:
        raise ValueError(f"{_quoted(text)} names no host")
    if any(character.isspace() for character in parts.netloc.rpartition("@")[2]):
        raise ValueError(f"{_quoted(text)} is not a valid URL: its host has a blank")
    return text


def _is_path(text: str) -> bool:
    """Say whether a text can be a path: it has no scheme, and a folder, a suffix or no blank."""
    try:
        if Path(text).expanduser().is_file():
            return True
    except (OSError, ValueError, RuntimeError):
        return False
    if _SCHEME.match(text.strip()):
        return False
    return os.sep in text or Path(text).suffix != "" or len(text.split()) == 1


def _quoted(text: str) -> str:
    """Return a text as an error shows it, without what may be a secret in it."""
    return repr((shown_address(text) if _SECRET & set(text) else text)[:_MOST_SHOWN])
