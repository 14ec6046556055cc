"""Which servers a file of URLs, or a URL, would ask, and how often."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.async_io._request import Request
from perflab.patterns.async_io._urls import origin_of, read_urls
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.servers.consent import ForeignServer
from perflab.units import counted, grouped, rounded

MOST_TARGETS = 100_000
_MOST_NAMED = 3


def targets(urls: str) -> list[Request]:
    """Return the requests that URLs name, at most 100,000.

    Raises:
        BadInputError: If they name nothing, or a file that cannot be read.
    """
    found = list(islice(read_urls(urls), MOST_TARGETS))
    if not found:
        raise BadInputError("names no URL that could be requested", "urls")
    return found


def foreign_servers(settings: AsyncIORunSettings) -> tuple[ForeignServer, ...]:
    """Return every server that the URLs of a run name, and what is sent there.

    Raises:
        BadInputError: If they name nothing, or a file that cannot be read.
    """
    if settings.urls is None:
        return ()
    found = _methods(settings.urls, _stamp(settings.urls))
    several = f" to all {counted(len(found), 'server')} together" if len(found) > 1 else ""
    most = (("requests", float(settings.most_requests)), ("rate", settings.most_rate))
    return tuple(
        ForeignServer(
            origin,
            f"sends at most {counted(settings.most_requests, 'request')} ({', '.join(methods)})"
            f"{several}, {rounded(settings.most_rate)} per second (most_requests, most_rate); "
            "calibration, retries and redirects are included",
            methods,
            most,
        )
        for origin, methods in found.items()
    )


def short_name(urls: str) -> str:
    """Return a name for the servers of URLs: the first three, and a digest of more.

    Raises:
        BadInputError: If they name nothing, or a file that cannot be read.
    """
    found = list(_methods(urls, _stamp(urls)))
    named = ", ".join(found[:_MOST_NAMED])
    more = len(found) - _MOST_NAMED
    if more <= 0:
        return named
    digest = hashlib.sha256("\n".join(found).encode()).hexdigest()[:8]
    return f"{named} and {grouped(more)} more ({digest})"


def _stamp(urls: str) -> tuple[int, int]:
    try:
        there = Path(urls).stat()
    except (OSError, ValueError):
        return (0, 0)
    return (there.st_mtime_ns, there.st_size)


@functools.lru_cache(maxsize=16)
def _methods(urls: str, stamp: tuple[int, int]) -> Mapping[str, tuple[str, ...]]:
    """Return the methods that are sent, by origin."""
    del stamp
    found: dict[str, set[str]] = {}
    for request in targets(urls):
        found.setdefault(origin_of(request.url), set()).add(request.method)
    return {origin: tuple(sorted(found[origin])) for origin in sorted(found)}
