"""Which folders hold a saved workload of perflab's and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

_MOST_BYTES = 1 << 28
_SAID = {"format_version": int, "name": str, "source": str, "fingerprint": str}
_DESCRIPTIONS: set[str] = set()


def register_description(name: str) -> str:
    """Make the name of a description known, and return it.

    A kind of workload that saves into folders calls this where it says the name, so that its
    folders are replaced by those of other kinds and the other way round.
    """
    _DESCRIPTIONS.add(name)
    return name


def is_saved(folder: Path) -> bool:
    """Say whether all that is in a folder was written by the `save` of a workload.

    Its description names the other files with their sizes; earlier ones name the columns only. A
    link, a folder, a file of another name or of another size is taken for the user's.
    """
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False):
                return False
            sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
    found = [name for name in _DESCRIPTIONS if name in sizes]
    if len(found) != 1 or sizes.pop(found[0]) > _MOST_BYTES:
        return False
    said = _description(folder / found[0])
    return said is not None and _covers(said, sizes)


def _description(path: Path) -> Mapping[str, object] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(said, dict) and all(isinstance(said.get(k), t) for k, t in _SAID.items())
    return said if whole else None


def _covers(said: Mapping[str, object], sizes: Mapping[str, int]) -> bool:
    files = said.get("files")
    if isinstance(files, dict):
        return all(files.get(name) == size for name, size in sizes.items())
    columns = said.get("columns", ())
    if not isinstance(columns, (list, tuple)):
        return False
    return set(sizes) <= {f"{column}.npy" for column in columns} | {"keys.npy", "keys.arrow"}
