"""A text as Arrow arrays of lines, without a Python object a line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.workloads.importers.source import Source

# What is read of a block is looked at several times, which is quicker where it stays near.
BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 1 << 26
NEWLINE = 10


def line_arrays(source: Source, *, nul: bool = False, escape: str = "\\x") -> Iterator[pa.Array]:
    """Yield binary arrays of lines in UTF-8, each with its line feed; CR LF is read as LF.

    Args:
        source: The file.
        nul: Whether it may hold NUL bytes.
        escape: What bytes that are not UTF-8 begin with.

    Raises:
        BadInputError: If a line is so long that this cannot be a text.
    """
    wrapper, length = source.wrapper, source.total_bytes

    def unwrapped(lines: pa.Array) -> pa.Array:
        return lines if wrapper is None else wrapper.take_off(lines, length)

    with source.reader(nul=nul, escape=escape) as reader:
        rest, done = b"", 0
        while block := reader.read(BLOCK_BYTES):
            # Of an archive, it is not known before.
            done += len(block)
            length = max(length, done)
            end = block.rfind(b"\n") + 1
            if end:
                yield unwrapped(_split(b"".join((rest, memoryview(block)[:end]))))
                rest = block[end:]
            else:
                rest += block
            if len(rest) > MAX_LINE_BYTES:
                text = f"has a line of more than {MAX_LINE_BYTES >> 20} MiB; is it a text?"
                raise BadInputError(text, source.place)
        if rest:
            yield unwrapped(_split(rest + b"\n"))


def _split(text: bytes) -> pa.Array:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE)
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends + 1
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )
