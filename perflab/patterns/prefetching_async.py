"""The old place of `AsyncPrefetcher`, for programs exported by 0.1.0: now of `prefetching`."""

from perflab.lazily import names_of

__all__ = []

__getattr__, __dir__ = names_of(
    __name__,
    {},
    old={"AsyncPrefetcher": "perflab.patterns.prefetching"},
)
