"""A text as Arrow arrays of lines, without a Python object a line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from perflab.settings import BadInputError
from perflab.workloads.importers.source import BLOCK_BYTES, Source

MAX_LINE_BYTES = 1 << 26
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NEWLINE = 10


def line_arrays(source: Source, *, text_only: bool) -> Iterator[Any]:
    """Yield binary arrays of lines, each with its line feed; CR LF is read as LF.

    Args:
        source: The file.
        text_only: Whether a NUL byte is an error.

    Raises:
        BadInputError: If a line is so long that this cannot be a text.
    """
    with source.reader() as reader:
        reader.text_only = text_only
        rest = b""
        first = True
        while block := reader.read(BLOCK_BYTES):
            if first:
                block, first = block.removeprefix(BYTE_ORDER_MARK), False
            end = block.rfind(b"\n") + 1
            if end:
                yield _split(rest + block[:end])
                rest = block[end:]
            else:
                rest += block
            if len(rest) > MAX_LINE_BYTES:
                text = f"has a line of more than {MAX_LINE_BYTES >> 20} MiB; is it a text?"
                raise BadInputError(text, source.place)
        if rest:
            yield _split(rest + b"\n")


def _split(text: bytes) -> Any:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE)
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends + 1
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    )


def first_undecodable_line(source: Source) -> int | None:
    """Return the number, from 1, of the first line that is not UTF-8; None if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for block in source.blocks():
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return line + (pending + block).count(b"\n", 0, error.start)
        line += block.count(b"\n")
    return None
