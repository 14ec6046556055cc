"""`TableFile`: a file of rows that a run goes through as a whole."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field

from perflab.errors import BadInputError
from perflab.files import whole_folder
from perflab.instrumentation.catalog import metric
from perflab.units import counted
from perflab.workloads.kinds.workload import show_plainly
from perflab.workloads.storage.description import Count, Description, describe, read_described
from perflab.workloads.storage.saved import is_saved, register_description

_DESCRIPTION = register_description("table.json")
_HASHED_BYTES = 1 << 20


class _TableDescription(Description):
    path: str
    total_bytes: Count
    rows: Annotated[Count, Field(ge=1)]
    counted: bool
    columns: list[str]
    packed: str


@dataclasses.dataclass(frozen=True, eq=False)
class TableFile:
    """A CSV on disk, by its path; its rows are not held in memory.

    Attributes:
        name: What people call it.
        path: Where it is.
        total_bytes: Its size, packed as it is.
        rows: How many rows it has besides the header, at least 1.
        counted: Whether that is counted, and not estimated from the first rows.
        columns: The names of its columns.
        packed: How it is compressed; empty where it is not.
        fingerprint: See `file_fingerprint`.
        source: What `--workload` takes to have it again; empty where nothing does.
        notes: What its reader had to say.
        options: Always empty: a table is read without further words.
        saved_in: The folder that it was opened from, which a run may write into; else empty.
    """

    registered_by: ClassVar[str] = "perflab.patterns.streaming.workload"
    name: str
    path: str
    total_bytes: int
    rows: int
    counted: bool
    columns: tuple[str, ...]
    packed: str
    fingerprint: str
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    saved_in: str = ""

    def __post_init__(self) -> None:
        show_plainly(self)

    def __len__(self) -> int:
        return self.rows

    @property
    def times(self) -> None:
        """None: a file's rows come as fast as they are read."""

    def summary(self) -> dict[str, object]:
        """Return size, rows and columns, by name and unit."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "rows" if self.counted else "rows_estimated": self.rows,
            "columns": len(self.columns),
            "file_bytes": self.total_bytes,
            "compression": self.packed or "none",
        }

    def facts(self) -> list[str]:
        """Return rows, columns and size in words."""
        about = "" if self.counted else "about "
        size = metric("bytes_read").format(self.total_bytes)
        return [
            f"{about}{counted(self.rows, 'row')}",
            counted(len(self.columns), "column"),
            f"{size} {self.packed}".rstrip(),
        ]

    def uploaded(self, name: str) -> Self:
        """Return it under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="")

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write down where it is; its rows stay where they are.

        Raises:
            BadInputError: If the folder cannot be written, or holds something else.
        """
        own = {
            key: getattr(self, key)
            for key in ("path", "total_bytes", "rows", "counted", "columns", "packed")
        }
        with whole_folder(folder, is_saved) as scratch:
            (scratch / _DESCRIPTION).write_text(json.dumps(describe(self, **own, files={})))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Return what was saved.

        Raises:
            BadInputError: If it is not such a folder, damaged, or of a later version.
        """
        said = read_described(_TableDescription, folder, _DESCRIPTION, "is not a saved table")
        return cls(
            path=said.path,
            total_bytes=said.total_bytes,
            rows=said.rows,
            counted=said.counted,
            columns=tuple(said.columns),
            packed=said.packed,
            fingerprint=said.fingerprint,
            saved_in=os.fspath(folder),
            **said.origin(),
        )


def file_fingerprint(path: str | os.PathLike[str]) -> str:
    """Return a short hash of a file's size and of its first, middle and last mebibyte.

    Equal for equal files on any machine, whatever they are called.

    Raises:
        BadInputError: If it cannot be read.
    """
    try:
        size = Path(path).stat().st_size
        digest = hashlib.blake2b(str(size).encode(), digest_size=8)
        with Path(path).open("rb") as file:
            for start in (0, size // 2, size - _HASHED_BYTES):
                file.seek(max(0, start))
                digest.update(file.read(_HASHED_BYTES))
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", os.fspath(path)) from None
    return digest.hexdigest()
