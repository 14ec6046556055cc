"""`LinesFile`: results as JSON Lines as they come, whole or marked incomplete."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any, Self

import aiofiles
import orjson

from perflab.errors import BadInputError
from perflab.files import check_output, place_of, refuse_input
from perflab.files.whole import keep_mode, open_stream
from perflab.patterns.async_io._request import Result

_BUFFER_BYTES = 64 * 1024
_LONGEST_KEPT = 0.25
_LONGEST_LINE = 1 << 20
SUFFIX = ".incomplete"


class LinesFile:
    """Writes to ``NAME.incomplete``, which becomes NAME when all is written.

    What ends early stays under the longer name, with a last line that says so. Lines reach the
    file within a quarter of a second while results come. A device or a pipe is written into.

    Args:
        path: The file; one that is there already is replaced at the end, and keeps its mode.
        source: The file of URLs, if there is one; never written to.
    """

    def __init__(self, path: str | Path, source: str | None = None) -> None:
        self._path = Path(path)
        self._source = source
        self._partial: Path | None = None
        self._file: Any = None
        self._lines: list[bytes] = []
        self._bytes = 0
        self._written_at = 0.0
        self._count = 0

    async def __aenter__(self) -> Self:
        inputs = [self._source] if self._source else []
        check_output(self._path, inputs, force=True)
        place = place_of(self._path)
        try:
            if place.is_stream:
                descriptor = open_stream(place)
            else:
                self._partial = place.path.with_name(place.path.name + SUFFIX)
                refuse_input(place_of(self._partial), inputs)
                descriptor = _open_partial(self._partial)
            self._file = await aiofiles.open(descriptor, "wb")
        except OSError as error:
            raise self._unwritable(error) from None
        self._written_at = asyncio.get_running_loop().time()
        return self

    async def write(self, result: Result) -> None:
        """Add one result.

        Raises:
            BadInputError: If the disk is full or the file cannot be written.
        """
        line = result.line()
        self._lines.append(line)
        self._bytes += len(line)
        self._count += 1
        now = asyncio.get_running_loop().time()
        if self._bytes >= _BUFFER_BYTES or now - self._written_at >= _LONGEST_KEPT:
            self._written_at = now
            await self._flush()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                await self._flush()
                if self._partial is not None:
                    # Before it is closed: until then nobody else begins a file of that name.
                    keep_mode(place_of(self._path), self._partial)
                    self._partial.replace(place_of(self._path).path)
            except OSError as trouble:
                raise self._unwritable(trouble) from None
            finally:
                with contextlib.suppress(OSError):
                    await self._file.close()
            return
        why = str(error) or type(error).__name__
        self._lines.append(
            orjson.dumps(
                {"incomplete": why, "results": self._count}, option=orjson.OPT_APPEND_NEWLINE
            )
        )
        # Written here and now: a task that is being cancelled may not wait once more.
        with contextlib.suppress(OSError):
            await asyncio.shield(self._flush())
        with contextlib.suppress(OSError):
            await asyncio.shield(self._file.close())

    async def _flush(self) -> None:
        data, self._lines, self._bytes = b"".join(self._lines), [], 0
        try:
            await self._file.write(data)
            await self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> BadInputError:
        return BadInputError(f"cannot be written ({error.strerror})", str(self._path))


def _open_partial(path: Path) -> int:
    """Open an unfinished file for writing, empty; one of an earlier run begins anew.

    Raises:
        BadInputError: If it is somebody else's file, or another run is writing it.
        OSError: If it cannot be opened.
    """
    if os.path.lexists(path) and not _is_ours(path):
        text = "exists and was not written by perflab; move it, or name another output"
        raise BadInputError(text, str(path))
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between opening and locking, the other one may have finished and renamed it.
        mine = os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        mine = False
    except BaseException:
        os.close(descriptor)
        raise
    if not mine:
        os.close(descriptor)
        text = "is being written by another run; wait for it, or name another output"
        raise BadInputError(text, str(path))
    os.ftruncate(descriptor, 0)
    return descriptor


def _is_ours(path: Path) -> bool:
    """Say whether a file holds results, by its first line."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_LINE)
    except OSError:
        return False
    if not line.endswith(b"\n") or len(line) == _LONGEST_LINE:
        return not line or line.startswith(b'{"url":')
    try:
        known = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(known, dict) and ({"url", "method", "status"} <= set(known) or _ends(known))


def _ends(line: dict[str, object]) -> bool:
    return set(line) == {"incomplete", "results"}
