"""Names for files that perflab chooses itself."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from perflab.errors import BadInputError

_MOST_BYTES = 80
_KEPT = "._"


def file_stem(text: str, otherwise: str = "workload") -> str:
    """Return a text as a part of a file's name: letters, digits, dots and dashes, not too long.

    Args:
        text: Any text.
        otherwise: The name where nothing of the text can stand in one.
    """
    known = unicodedata.normalize("NFC", text)
    plain = "".join(each if each.isalnum() or each in _KEPT else "-" for each in known)
    joined = "-".join(filter(None, plain.split("-"))).strip("-._")
    cut = joined.encode("utf-8", "ignore")[:_MOST_BYTES].decode("utf-8", "ignore")
    return cut.strip("-._") or otherwise


def free_names(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Yield a path, then ``NAME-2``, ``NAME-3`` and so on, before a file's ending.

    Raises:
        BadInputError: If it is the root of all folders, beside which nothing can be.
    """
    if not path.name or path.name == "..":
        path = path.resolve()
    if not path.name:
        raise BadInputError("is the root folder; name a folder in it", str(path))
    ending = "" if folder else path.suffix
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.name.removesuffix(ending)}-{number}{ending}")
