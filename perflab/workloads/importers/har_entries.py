"""Which entries of a HAR file are not requests to a server, though a browser lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from perflab.workloads.importers.doubts import named

# Schemes that a browser answers by itself; those of extensions are many, and end alike.
_OWN_SCHEMES = frozenset(("data", "blob", "about", "file", "chrome", "javascript", "view-source"))
_SOCKETS = frozenset(("ws", "wss"))
_LONGEST_SCHEME = 40
_CACHED = "from the browser's cache"


class LeftOutEntries:
    """Counts entries that are left out, by what they are.

    Args:
        served: Whether requests that a server got are wanted, so that those answered from the
            browser's own cache are left out too.
    """

    def __init__(self, *, served: bool) -> None:
        self._served = served
        self._counts: Counter[str] = Counter()

    def leaves_out(self, entry: Any) -> bool:
        """Return whether an entry is not a request to a server, and count it if so."""
        kind = _kind(entry) if isinstance(entry, Mapping) else None
        if kind == _CACHED and not self._served:
            return False
        if kind is not None:
            self._counts[kind] += 1
        return kind is not None

    def notes(self) -> tuple[str, ...]:
        """Return the note on what was left out; none if nothing was."""
        if not self._counts:
            return ()
        return (f"left out, since no server was asked: {named(self._counts)}",)


def leaves_out(entry: Mapping[str, Any]) -> bool:
    """Say whether an entry is of something that is never a request, cached or not."""
    return _kind(entry) not in (None, _CACHED)


def is_cached(entry: Any) -> bool:
    """Say whether a browser answered an entry from its own cache."""
    return isinstance(entry, Mapping) and _kind(entry) == _CACHED


def _kind(entry: Mapping[str, Any]) -> str | None:
    request, response = entry.get("request"), entry.get("response")
    url = request.get("url") if isinstance(request, Mapping) else None
    scheme = url[:_LONGEST_SCHEME].partition(":")[0].lower() if isinstance(url, str) else ""
    if scheme in _OWN_SCHEMES or scheme.endswith("-extension"):
        return f"{scheme}:"
    if url == "":
        return "without a URL"
    if scheme in _SOCKETS or entry.get("_resourceType") == "websocket":
        return "websockets"
    status = response.get("status") if isinstance(response, Mapping) else None
    if entry.get("_fromCache") or (status == 304 and entry.get("_transferSize") == 0):
        return _CACHED
    # A browser writes 0 where there was no answer: blocked, cancelled, or not reached.
    if isinstance(status, (int, float)) and status == 0:
        return "without an answer"
    return None
