"""Whole numbers in binary, one key a request: 32 or 64 bits, of either byte order."""

from __future__ import annotations

import numpy as np

from perflab.settings import BadInputError
from perflab.workloads.encoding import encode_integers
from perflab.workloads.importers.source import Source
from perflab.workloads.trace import Trace

DTYPES = {"int32le": "<i4", "int32be": ">i4", "int64le": "<i8", "int64be": ">i8"}


def read_binary(source: Source, kind: str) -> Trace:
    """Read a key from every 4 or 8 bytes.

    Args:
        source: The file.
        kind: ``int32le``, ``int32be``, ``int64le`` or ``int64be``.

    Raises:
        BadInputError: If the length is no multiple of the width.
    """
    content = b"".join(source.blocks())
    dtype = np.dtype(DTYPES[kind])
    rest = len(content) % dtype.itemsize
    if rest:
        text = (
            f"{len(content):,} bytes are no multiple of {dtype.itemsize}, the width of {kind}; "
            "it is cut off, or of another format"
        )
        raise BadInputError(text, source.place)
    ids, keys = encode_integers(np.frombuffer(content, dtype).astype(np.int64))
    return Trace(source.stem, ids, len(keys), keys=keys)
