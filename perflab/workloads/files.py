"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perflab.settings import BadInputError


@contextmanager
def whole_path(path: str | os.PathLike[str], *, folder: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes the place of `path` when the block succeeds.

    Raises:
        BadInputError: If it cannot be written: no right, a folder in its place, disk full.
    """
    target = Path(path).expanduser()
    scratch = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not folder:
            raise BadInputError("is a folder; name a file", str(path))
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        inner = scratch / target.name
        if folder:
            inner.mkdir()
        yield inner
        if folder and target.is_dir():
            shutil.rmtree(target)
        inner.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInputError(f"cannot be written ({reason}); nothing was", str(path)) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
