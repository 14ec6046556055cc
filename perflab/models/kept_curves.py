"""`KeptCurves`: what has been computed of a workload's curves, in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from perflab.files import whole_path
from perflab.settings import BadInputError
from perflab.settings.folders import cache_folder

MOST_BYTES = 64 << 20

Curve = dict[str, dict[str, Any]]


class KeptCurves:
    """A file for each curve of one workload: its points by size, of several kinds.

    A file appears whole; two panels that write the same one each keep what the other has found.
    Files that were not used for the longest time go when all together are over the bound. A folder
    that cannot be read or written keeps nothing, and that is no error.

    Args:
        fingerprint: Of the workload.
        made_by: What else all its curves depend on, such as the way of sampling.
        most_bytes: The bound on all files together.
    """

    def __init__(self, fingerprint: str, made_by: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder = cache_folder() / "curves"
        self._name = f"{version('perflab')} {made_by} {fingerprint}"
        self._most_bytes = most_bytes

    def read(self, line: object) -> Curve:
        """Return the points of a curve, by kind and size; none where there are none.

        Args:
            line: What the curve depends on besides the size; told apart by its `repr`.
        """
        path = self._path(line)
        try:
            found = json.loads(path.read_bytes())
            os.utime(path)
        except (OSError, ValueError):
            return {}
        whole = isinstance(found, dict) and all(isinstance(part, dict) for part in found.values())
        return found if whole else {}

    def write(self, line: object, points: Curve) -> None:
        """Add points to a curve."""
        known = self.read(line)
        for kind, sizes in points.items():
            known[kind] = {**known.get(kind, {}), **sizes}
        with contextlib.suppress(BadInputError), whole_path(self._path(line)) as scratch:
            scratch.write_text(json.dumps(known, separators=(",", ":")), encoding="ascii")
        self._tidy()

    def _path(self, line: object) -> Path:
        text = f"{self._name} {line!r}".encode()
        return self._folder / f"{hashlib.blake2b(text, digest_size=12).hexdigest()}.json"

    def _tidy(self) -> None:
        with contextlib.suppress(OSError):
            files = [(path.stat(), path) for path in self._folder.glob("*.json")]
            held = sum(stat.st_size for stat, _ in files)
            for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
                if held <= self._most_bytes:
                    return
                path.unlink(missing_ok=True)
                held -= stat.st_size
