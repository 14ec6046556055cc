"""The folder of a recording: files that each appear whole, thinned when it grows too big.

A recording is a folder of parts: the present one is written anew, under another name, and put in
its place every second. Whenever the process is killed, what stands there is whole. Parts that
perflab 0.1.0 wrote are Parquet files, which take PyArrow to read: they stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path

from perflab.errors import BadInputError
from perflab.workloads.recording.columns import Columns, below
from perflab.workloads.recording.format import Facts, encode, read_file

SUFFIX = ".part"
PARQUET_SUFFIX = ".parquet"
SCRATCH_SUFFIX = ".tmp"
SESSION = r"[0-9a-f]+-\d+-[0-9a-f]{6}"
PART_NAME = re.compile(rf"{SESSION}-\d{{6,}}\.(?:part|parquet)")
SCRATCH_NAME = re.compile(rf"\.{SESSION}\.tmp")
# Parts of other processes that changed within so many seconds are theirs to thin.
SETTLED_SECONDS = 30.0


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

    def write(self, number: int, columns: Columns, facts: Facts) -> None:
        """Write a part, whole or not at all, over the one of that number.

        Raises:
            OSError: If it cannot be written.
        """
        self._put(self.path / f"{self._session}-{number:06d}{SUFFIX}", columns, facts)

    def bytes(self, *, thinned: bool = False) -> int:
        """Return the size of everything in the folder; 0 where it is gone.

        Args:
            thinned: Whether only of what `thin` makes smaller, so not of Parquet files.
        """
        total = 0
        try:
            paths = list(self.path.iterdir())
        except OSError:
            return 0
        for path in paths:
            if thinned and path.suffix == PARQUET_SUFFIX:
                continue
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
            if path.suffix == PARQUET_SUFFIX:
                continue
            own = path.name.startswith(self._session)
            if path.name == f"{self._session}-{present:06d}{SUFFIX}":
                continue
            if not own and now - path.stat().st_mtime < SETTLED_SECONDS:
                continue
            read = read_file(path)
            if read is not None and read[1].limit > limit:
                columns, facts = read
                self._put(path, below(columns, limit), facts._replace(limit=limit))

    def _put(self, path: Path, columns: Columns, facts: Facts) -> None:
        content = encode(columns, facts)
        try:
            self._scratch.write_bytes(content)
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
    return sorted(each for each in folder.iterdir() if PART_NAME.fullmatch(each.name))


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Say whether a path is a folder with nothing but parts of a recording."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return False
    names = [each.name for each in folder.iterdir()]
    return all(map(is_part_name, names)) and any(map(PART_NAME.fullmatch, names))
