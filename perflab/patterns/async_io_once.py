"""The old place of functions that programs exported by 0.1.0 name: now of `async_io`."""

from perflab.lazily import names_of

__all__ = []

__getattr__, __dir__ = names_of(
    __name__,
    {},
    old={
        "fetch_all": "perflab.patterns.async_io",
        "fetch_apart": "perflab.patterns.async_io",
        "run_fetch": "perflab.patterns.async_io",
    },
)
