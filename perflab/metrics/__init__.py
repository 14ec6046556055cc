"""The old place of `Event` and `Hook`, which are in ``perflab.instrumentation`` now."""

from perflab.lazily import names_of

__all__ = []

__getattr__, __dir__ = names_of(
    __name__,
    {},
    old={"Event": "perflab.instrumentation", "Hook": "perflab.instrumentation"},
)
