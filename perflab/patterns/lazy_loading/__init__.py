"""Lazy loading: a sequence of rows that is read in chunks.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.lazy_loading._lazy_loading import LazyLoader
    from perflab.patterns.lazy_loading.settings import LazyLoadingSettings

__all__ = ["LazyLoader", "LazyLoadingSettings"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "LazyLoader": "perflab.patterns.lazy_loading._lazy_loading",
        "LazyLoadingSettings": "perflab.patterns.lazy_loading.settings",
    },
    extra="files",
)
