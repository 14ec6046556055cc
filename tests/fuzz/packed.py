"""A folder of files as one input: each file behind a line with its name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_LINE = re.compile(rb"\n=== ([\w.-]{1,80}) ===\n")


def pack(folder: Path) -> bytes:
    """Return the files of a folder as one input."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return b"".join(b"\n=== %s ===\n%s" % (p.name.encode(), p.read_bytes()) for p in files)


def unpack(data: bytes, folder: Path) -> None:
    """Make a folder of what `pack` returned, or of what became of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pieces = _LINE.split(data)
    for name, content in zip(pieces[1::2], pieces[2::2], strict=True):
        if name.strip(b"."):
            (folder / name.decode()).write_bytes(content)
