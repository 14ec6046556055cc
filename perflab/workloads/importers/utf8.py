r"""Text in blocks of bytes made valid UTF-8: bytes that are not are kept, as ``\xNN``."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pyarrow as pa

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LONE, _STRAY = 0xED, 0xB2
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
# Of these a text has hardly any, and binary data about one in ten.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1b\0"})
_MOST_CONTROLS = 0.01


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of a UTF-16 text by its byte order mark; None for anything else."""
    encoding = _WIDE.get(head[:2])
    if encoding is None:
        return None
    try:
        text = head[2 : len(head) // 2 * 2].decode(encoding, "ignore")
    except UnicodeDecodeError:
        return None
    # Binary numbers may begin with these two bytes, too.
    return encoding if text and "\0" not in text and not _is_odd(text) else None


def looks_binary(block: bytes) -> bool:
    """Return whether bytes that are not UTF-8 are not text in another encoding either."""
    rest = len(block) - len(block.translate(None, _CONTROLS))
    return rest > _MOST_CONTROLS * len(block)


class Repair:
    """Makes blocks of a text valid UTF-8, also where a character is cut in two between them.

    Args:
        escape: What stands before the two digits of a byte that is not UTF-8.

    Attributes:
        count: How many bytes were not UTF-8.
    """

    def __init__(self, escape: str = "\\x") -> None:
        self.count = 0
        self._escape = escape.encode()
        self._rest = b""

    def feed(self, block: bytes, *, final: bool = False) -> bytes:
        """Return the next block as UTF-8; the beginning of a character waits for the next one."""
        if not self._rest and block.isascii():
            return block
        block = self._rest + block
        self._rest = b""
        cut = 0 if final else _begun(block)
        if cut:
            block, self._rest = block[:-cut], block[-cut:]
        return block if _is_utf8(block) else self._repaired(block)

    def _repaired(self, block: bytes) -> bytes:
        # A byte that is not UTF-8 becomes a lone surrogate, in three bytes that no text has.
        told = block.decode("utf-8", "surrogateescape").encode("utf-8", "surrogatepass")
        raw = np.frombuffer(told, np.uint8)
        at = np.flatnonzero((raw[:-2] == _LONE) & ((raw[1:-1] & 0xFE) == _STRAY))
        self.count += len(at)
        values = 0x80 + (raw[at + 1] - _STRAY) * 0x40 + (raw[at + 2] - 0x80)
        longer = len(self._escape) + 2 - 3
        made = np.insert(raw, np.repeat(at + 3, longer), 0)
        at += np.arange(len(at)) * longer
        for place, letter in enumerate(self._escape):
            made[at + place] = letter
        made[at + len(self._escape)] = _DIGITS[values >> 4]
        made[at + len(self._escape) + 1] = _DIGITS[values & 0xF]
        return made.tobytes()


def as_utf8(data: bytes) -> bytes:
    """Return a whole text as UTF-8."""
    return Repair().feed(data, final=True)


def _is_utf8(block: bytes) -> bool:
    # Several times as fast as to decode it.
    ends = struct.pack("=qq", 0, len(block))
    whole: Any = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.py_buffer(ends), pa.py_buffer(block)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _begun(block: bytes) -> int:
    """Return how many bytes at the end begin a character that is not complete."""
    for back in range(1, min(3, len(block)) + 1):
        byte = block[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
        if byte < 0x80:
            return 0
    return 0


def _is_odd(text: str) -> bool:
    return looks_binary(text.encode("latin-1", "replace"))
