"""`LinesFile`: results as JSON Lines as they come, whole or marked incomplete."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Self

import aiofiles
import orjson

from perflab.patterns.async_io_request import Result
from perflab.settings import BadInputError

_BUFFER_BYTES = 64 * 1024
_LONGEST_KEPT = 0.25
SUFFIX = ".incomplete"


class LinesFile:
    """Writes to ``NAME.incomplete``, which becomes NAME when all is written.

    What ends early stays under the longer name, with a last line that says so. Lines reach the
    file within a quarter of a second while results come.

    Args:
        path: The file; one that is there already is replaced at the end.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._partial = self._path.with_name(self._path.name + SUFFIX)
        self._file: Any = None
        self._lines: list[bytes] = []
        self._bytes = 0
        self._written_at = 0.0
        self._count = 0

    async def __aenter__(self) -> Self:
        try:
            self._file = await aiofiles.open(self._partial, "wb")
        except OSError as error:
            raise BadInputError(f"cannot be written ({error.strerror})", str(self._path)) from None
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
                await self._file.close()
                self._partial.replace(self._path)
            except OSError as trouble:
                raise self._unwritable(trouble) from None
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
