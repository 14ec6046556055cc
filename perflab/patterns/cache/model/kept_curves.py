"""`KeptCurves`: what has been computed of a workload's curves, in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from perflab.errors import BadInputError
from perflab.files import whole_path
from perflab.settings.folders import cache_folder
from perflab.workloads.storage.stored_json import read_json_file

MOST_BYTES = 64 << 20
_NAME = re.compile(r"[0-9a-f]{24}\.json")

Curve = dict[str, dict[str, Any]]

_Size = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
_Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0)]
_Row = Annotated[list[_Count], Field(min_length=8, max_length=8)]
_Draw = Annotated[list[_Number], Field(min_length=5, max_length=6)]


class _Points(BaseModel):
    """The fields of `CacheCounts` by size, and those of `Estimate` by size and draw."""

    model_config = ConfigDict(strict=True, extra="forbid")

    exact: dict[_Size, _Row] = {}
    sampled: dict[_Size, dict[_Size, _Draw]] = {}


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
            _Points.model_validate(found := read_json_file(path, self._most_bytes))
            os.utime(path)
        except (OSError, BadInputError, ValidationError):
            return {}
        return dict(found)

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
            # The folder may be one that a user has named, with files of theirs.
            own = [path for path in self._folder.glob("*.json") if _NAME.fullmatch(path.name)]
            files = [(path.stat(), path) for path in own]
            held = sum(stat.st_size for stat, _ in files)
            for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
                if held <= self._most_bytes:
                    return
                path.unlink(missing_ok=True)
                held -= stat.st_size
