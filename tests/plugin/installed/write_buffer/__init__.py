"""A pattern of another package: records are gathered and written together."""

from write_buffer.buffer import WriteBuffer
from write_buffer.settings import WriteBufferSettings

__all__ = ["WriteBuffer", "WriteBufferSettings"]
