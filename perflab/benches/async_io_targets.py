"""`addresses`: which servers a file of URLs, or a URL, would ask."""

from __future__ import annotations

import functools
from pathlib import Path

from yarl import URL

from perflab.patterns.async_io_urls import read_urls

_MOST_NAMED = 5


def addresses(urls: str) -> str:
    """Return the origins of all URLs, such as ``https://example.org``, separated by commas.

    Raises:
        BadInputError: If it names nothing, or a file that cannot be read.
    """
    path = Path(urls)
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    return _addresses(urls, stamp)


@functools.lru_cache(maxsize=16)
def _addresses(urls: str, stamp: int) -> str:
    del stamp
    found = sorted({str(URL(request.url).origin()) for request in read_urls(urls)})
    more = len(found) - _MOST_NAMED
    shown = ", ".join(found[:_MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
