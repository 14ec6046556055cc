"""`stacked`: pictures of a panel as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

_GAP = 8


def stacked(pictures: Sequence[bytes]) -> bytes:
    """Return pictures below each other, as one PNG on white; nothing for none.

    Args:
        pictures: PNG each; empty ones are left out.
    """
    opened = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures if each]
    if not opened:
        return b""
    width = max(each.width for each in opened)
    height = sum(each.height for each in opened) + _GAP * (len(opened) - 1)
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for each in opened:
        whole.paste(each, (0, top))
        top += each.height + _GAP
    file = io.BytesIO()
    whole.quantize(128).save(file, "png", optimize=True)
    return file.getvalue()
