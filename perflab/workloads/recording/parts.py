"""The folder of a recording: Parquet files that each appear whole, thinned when it grows too big.

A Parquet file ends with the table of its contents, so one that is cut off cannot be read. A
recording is therefore a folder of parts: the present one is written anew, under another name, and
put in its place every second. Whenever the process is killed, what stands there is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from perflab.errors import BadInputError
from perflab.workloads.recording.keys import PLACES
from perflab.workloads.recording.left_out import LeftOutCounts, read_counts
from perflab.workloads.recording.table import below, is_table

METADATA = b"perflab.recording"
VERSION = 1
KEY_FORMAT = 2
SUFFIX = ".parquet"
SCRATCH_SUFFIX = ".tmp"
SESSION = r"[0-9a-f]+-\d+-[0-9a-f]{6}"
PART_NAME = re.compile(rf"{SESSION}-\d{{6,}}\.parquet")
SCRATCH_NAME = re.compile(rf"\.{SESSION}\.tmp")
# Parts of other processes that changed within so many seconds are theirs to thin.
SETTLED_SECONDS = 30.0
_MOST_REQUESTS = 1 << 62


class Part(NamedTuple):
    """A part of a recording.

    Attributes:
        table: Its rows.
        limit: The places in its sample: those below.
        requests: How many there were while it was written, for keys not in the sample too; None
            where that is not known.
        left_out: What was seen but is not replayed, by kind and name.
        keys: The version of the form that keys have before they are hashed.
    """

    table: Any
    limit: int
    requests: int | None
    left_out: LeftOutCounts
    keys: int = KEY_FORMAT


class RecordingFolder:
    """Writes parts into a folder, which several processes and later runs may share.

    Args:
        path: The folder.
        make: Whether it is made where it is not there.

    Raises:
        BadInputError: If it holds something else, or cannot be made or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, make: bool = True) -> None:
        self.path = Path(path).expanduser()
        self._session = f"{int(time.time()):x}-{os.getpid()}-{secrets.token_hex(3)}"
        self._scratch = self.path / f".{self._session}{SCRATCH_SUFFIX}"
        try:
            if make:
                self.path.mkdir(parents=True, exist_ok=True)
            foreign = [each.name for each in self.path.iterdir() if not is_part_name(each.name)]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            text = f"cannot be written ({reason}); name a folder for the recording"
            raise BadInputError(text, str(path)) from None
        if foreign:
            text = f"holds something else ({foreign[0]}); name a new folder for the recording"
            raise BadInputError(text, str(path))

    def write(
        self,
        number: int,
        table: Any,
        limit: int,
        requests: int | None,
        left_out: LeftOutCounts | None = None,
    ) -> None:
        """Write a part, whole or not at all, over the one of that number.

        Raises:
            OSError: If it cannot be written.
        """
        part = Part(table, limit, requests, left_out or {})
        self._put(self.path / f"{self._session}-{number:06d}{SUFFIX}", part)

    def bytes(self) -> int:
        """Return the size of everything in the folder; 0 where it is gone."""
        total = 0
        try:
            paths = list(self.path.iterdir())
        except OSError:
            return 0
        for path in paths:
            # Another process may have put its scratch file in place since.
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def thin(self, limit: int, present: int) -> None:
        """Leave out what lies at `limit` or above; the present part and new ones of others stay.

        Args:
            limit: The places that stay: those below.
            present: The number of the part that is still written.
        """
        now = time.time()
        for path in part_paths(self.path):
            own = path.name.startswith(self._session)
            if path.name == f"{self._session}-{present:06d}{SUFFIX}":
                continue
            if not own and now - path.stat().st_mtime < SETTLED_SECONDS:
                continue
            read = read_part(path)
            if read is not None and read.limit > limit:
                self._put(path, read._replace(table=below(read.table, limit), limit=limit))

    def _put(self, path: Path, part: Part) -> None:
        import pyarrow.parquet as pq

        said = json.dumps(
            {
                "version": VERSION,
                "limit": part.limit,
                "requests": part.requests,
                "left_out": part.left_out,
                "keys": part.keys,
            }
        )
        try:
            pq.write_table(
                part.table.replace_schema_metadata({METADATA: said}),
                self._scratch,
                compression="zstd",
                use_dictionary=["key", "size", "ttl"],
                column_encoding={"time": "DELTA_BINARY_PACKED"},
            )
            self._scratch.replace(path)
        except BaseException:
            # On a full disk, what was begun takes what room there is.
            with contextlib.suppress(OSError):
                self._scratch.unlink()
            raise


def is_part_name(name: str) -> bool:
    """Say whether a file may stand in the folder of a recording."""
    return bool(PART_NAME.fullmatch(name) or SCRATCH_NAME.fullmatch(name))


def part_paths(folder: Path) -> list[Path]:
    """Return the parts in a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Say whether a path is a folder with nothing but parts of a recording."""
    folder = Path(path).expanduser()
    return (
        folder.is_dir()
        and bool(part_paths(folder))
        and all(is_part_name(each.name) for each in folder.iterdir())
    )


def read_part(path: Path) -> Part | None:
    """Return a part; None where it is damaged. Earlier ones do not say their requests.

    Raises:
        BadInputError: If a later perflab wrote it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        table.validate(full=True)
        said = json.loads((table.schema.metadata or {})[METADATA])
    except (pa.ArrowException, OSError, KeyError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not _is_count(said.get("version")):
        return None
    if said["version"] > VERSION:
        text = f"was written by a later perflab (format {said['version']})"
        raise BadInputError(text, str(path))
    limit, requests = said.get("limit"), said.get("requests")
    if not _is_count(limit) or not 1 <= limit <= PLACES or not is_table(table):
        return None
    known = requests if _is_count(requests) else None
    keys = said.get("keys", 1)
    return Part(table, limit, known, read_counts(said.get("left_out")), _is_count(keys) and keys)


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_REQUESTS
