"""Async fetching: many HTTP requests at a time, in bounds.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.async_io._async_io import AsyncFetcher
    from perflab.patterns.async_io._once import fetch_all
    from perflab.patterns.async_io.settings import AsyncIOSettings

__all__ = ["AsyncFetcher", "AsyncIOSettings", "fetch_all"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "AsyncFetcher": "perflab.patterns.async_io._async_io",
        "AsyncIOSettings": "perflab.patterns.async_io.settings",
        "fetch_all": "perflab.patterns.async_io._once",
    },
)
