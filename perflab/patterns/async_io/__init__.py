"""Async fetching: many HTTP requests at a time, in bounds.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.async_io._async_io import AsyncFetcher
    from perflab.patterns.async_io._once import fetch_all, fetch_apart, run_fetch
    from perflab.patterns.async_io._request import Failure, Request, Result
    from perflab.patterns.async_io.settings import AsyncIOSettings

__all__ = [
    "AsyncFetcher",
    "AsyncIOSettings",
    "Failure",
    "Request",
    "Result",
    "fetch_all",
    "fetch_apart",
    "run_fetch",
]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "AsyncFetcher": "perflab.patterns.async_io._async_io",
        "AsyncIOSettings": "perflab.patterns.async_io.settings",
        "Failure": "perflab.patterns.async_io._request",
        "Request": "perflab.patterns.async_io._request",
        "Result": "perflab.patterns.async_io._request",
        "fetch_all": "perflab.patterns.async_io._once",
        "fetch_apart": "perflab.patterns.async_io._once",
        "run_fetch": "perflab.patterns.async_io._once",
    },
    extra="http",
)
