"""Streaming: a file of rows, chunk by chunk.

What a service imports; each name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.patterns.streaming._progress import Progress, StreamCancelledError
    from perflab.patterns.streaming._streaming import StreamProcessor
    from perflab.patterns.streaming.settings import StreamingSettings

__all__ = ["Progress", "StreamCancelledError", "StreamProcessor", "StreamingSettings"]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "Progress": "perflab.patterns.streaming._progress",
        "StreamCancelledError": "perflab.patterns.streaming._progress",
        "StreamProcessor": "perflab.patterns.streaming._streaming",
        "StreamingSettings": "perflab.patterns.streaming.settings",
    },
    extra="files",
)
