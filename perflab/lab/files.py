"""Texts and JSON in files, which appear whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from perflab.settings import BadInputError
from perflab.workloads.files import whole_path


@contextmanager
def whole_file(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path`, which takes its place when the block succeeds.

    Raises:
        BadInputError: If it cannot be written: no such folder, no right, disk full.
    """
    encoding = None if "b" in mode else "utf-8"
    with whole_path(path) as temporary, temporary.open(mode, encoding=encoding) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_text(path: str | Path, text: str) -> Path:
    """Write a text; the file appears whole or not at all.

    Raises:
        BadInputError: If it cannot be written.
    """
    with whole_file(path) as file:
        file.write(text)
    return Path(path)


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BadInputError: If the file is missing, is not JSON or is not an object.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        raise BadInputError(f"cannot be read ({reason})", str(path)) from None
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInputError(f"is not JSON ({error.msg})", f"{path}:{error.lineno}") from None
    if not isinstance(values, dict):
        raise BadInputError("is not a JSON object, so not a result of perflab", str(path))
    return values
