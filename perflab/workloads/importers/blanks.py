"""Tables parted by blanks, as commands print them: each run of blanks becomes one tab."""

from __future__ import annotations

import re

BLANK, TAB = " ", "\t"
_RUN = re.compile(rb"[ \t]+")
_START = re.compile(rb"(?m)^\t")
_END = re.compile(rb"(?m)\t(?=\r?$)")


def merge_blanks(lines: bytes) -> bytes:
    """Return whole lines with one tab between fields, and none before or behind them."""
    return _END.sub(b"", _START.sub(b"", _RUN.sub(b"\t", lines)))


class BlankMerger:
    """Does so for a text that comes in blocks, which may end within a line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, block: bytes, *, final: bool) -> bytes:
        """Return the next whole lines; at the end, what is left."""
        text = self._rest + block
        end = len(text) if final else text.rfind(b"\n") + 1
        self._rest = text[end:]
        return merge_blanks(text[:end])
