"""Addresses of servers as users write them, and as they may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

HIDDEN = "***"


def redact(url: str) -> str:
    """Return a URL without its password, for panels, reports and errors."""
    try:
        parts = urlsplit(url)
        if not parts.scheme:
            return HIDDEN
        place = parts.netloc.rpartition("@")[2]
        user = parts.username or ""
        if parts.password is not None:
            user = f"{user}:{HIDDEN}"
        netloc = f"{user}@{place}" if user else place
        return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    except ValueError:
        return HIDDEN
