"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from perflab.settings import BadInputError


@contextmanager
def whole_file(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path`, which takes its place when the block succeeds.

    Raises:
        BadInputError: If it cannot be written: no such folder, no right, disk full.
    """
    target = Path(path)
    encoding = None if "b" in mode else "utf-8"
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise BadInputError("is a folder; name a file", str(path))
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInputError(f"cannot be written ({reason}); nothing was", str(path)) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


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
