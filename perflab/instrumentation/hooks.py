"""How a pattern tells the outside what happens: one call with one event."""

from __future__ import annotations

from typing import Protocol

from perflab.instrumentation.events import Event


class Hook(Protocol):
    """Anything that can be called with an `Event`, from any thread.

    A pattern holds ``hook: Hook | None`` and makes no event while it is None. What a hook raises
    reaches the caller of the pattern.
    """

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""


def fan_out(*hooks: Hook | None) -> Hook | None:
    """Return one hook that calls several in order; None where there is nobody to call."""
    listening = tuple(hook for hook in hooks if hook is not None)
    if len(listening) <= 1:
        return listening[0] if listening else None

    def call_each(event: Event, /) -> None:
        for hook in listening:
            hook(event)

    return call_each
