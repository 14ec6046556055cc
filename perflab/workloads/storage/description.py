"""What a stored workload says of itself beside its columns, in a folder as in a Parquet file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from perflab.errors import BadInputError
from perflab.workloads.kinds.workload import LEAST_SHARE, MOST_KEYS, MOST_REQUESTS, Workload
from perflab.workloads.storage.stored_json import read_json_file

FORMAT_VERSION = 3
"""Of a trace with the backend's times, which version 2 does not know, as version 1 knows no
operations; all else is written as version 1."""

_ALWAYS_NUMBERED = 1 << 24
_NUMBERED_A_REQUEST = 64

Plain = bool | int | float | str | None
Count = Annotated[int, Field(ge=0, le=MOST_REQUESTS)]
Share = Annotated[float, Field(ge=LEAST_SHARE, le=1, allow_inf_nan=False)]
_D = TypeVar("_D", bound=BaseModel)


class Description(BaseModel):
    """What every stored workload says of itself; earlier ones had no options."""

    model_config = ConfigDict(strict=True, frozen=True)

    name: str
    source: str
    options: dict[str, Plain | list[Plain] | dict[str, Plain]] | None = None
    notes: list[str]
    fingerprint: str

    def origin(self) -> dict[str, Any]:
        """Return the fields of a workload that say where it comes from."""
        return {
            "name": self.name,
            "source": self.source,
            "options": dict(self.options or {}),
            "notes": tuple(self.notes),
        }


class TraceDescription(Description):
    """What a stored trace says beside; earlier ones held all keys."""

    n_keys: Annotated[int, Field(ge=1, le=MOST_KEYS)]
    keys: Literal["none", "integers", "texts"]
    sample_rate: Share = 1.0
    all_requests: Count | None = None


def most_numbered(requests: int) -> int:
    """Return how many keys a stored trace may number that has no list of them.

    Whatever is computed takes memory for each, so that a number alone must not be able to ask for
    all there is.
    """
    return max(_ALWAYS_NUMBERED, _NUMBERED_A_REQUEST * requests)


def describe(workload: Workload, **own: object) -> dict[str, object]:
    """Return the description of a workload, with what a form of storage adds of its own.

    What an earlier perflab understands bears the version that it knows.
    """
    return {
        "format_version": _version_of(workload),
        "name": workload.name,
        "source": workload.source,
        "options": dict(workload.options),
        "notes": workload.notes,
        "fingerprint": workload.fingerprint,
        **own,
    }


def _version_of(workload: Workload) -> int:
    if getattr(workload, "backend_seconds", None) is not None:
        return FORMAT_VERSION
    return 1 if getattr(workload, "operations", None) is None else 2


def understood(kind: type[_D], values: object, place: str) -> _D:
    """Return what a description says, checked.

    Args:
        kind: Which description it must be.
        values: What was read.
        place: Where, for errors.

    Raises:
        BadInputError: If a later perflab wrote it, or a field is missing or wrong.
    """
    if not isinstance(values, Mapping):
        raise BadInputError("is damaged: its description is not an object", place)
    check_version(values.get("format_version"), place)
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = str(first["loc"][0]) if first["loc"] else "the description"
        text = f"is damaged: {where} is not what perflab writes ({first['msg'].lower()})"
        raise BadInputError(text, place) from None


def read_described(kind: type[_D], folder: str | os.PathLike[str], file: str, otherwise: str) -> _D:
    """Read the description in a folder.

    Args:
        kind: Which description it must be.
        folder: The folder that a workload was saved into.
        file: The name of the description in it.
        otherwise: What to say of a folder that has none.

    Raises:
        BadInputError: If there is none, or it breaks `understood`.
    """
    path = Path(folder).expanduser() / file
    try:
        there = path.is_file()
    except ValueError:  # a NUL in the name
        there = False
    if not there:
        raise BadInputError(f"{otherwise} (there is no {file} in it)", str(folder))
    try:
        return understood(kind, read_json_file(path), str(folder))
    except BadInputError as error:
        if error.place == str(folder):
            raise
        raise BadInputError(f"{otherwise} ({file} {error.message})", str(folder)) from None


def check_version(version: object, place: str) -> None:
    """Refuse what cannot be understood.

    Raises:
        BadInputError: If a later perflab wrote it, or it does not say which.
    """
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise BadInputError("is damaged: it does not say which format it is of", place)
    if version > FORMAT_VERSION:
        text = f"was written by a newer perflab (format {version}); update perflab to read it"
        raise BadInputError(text, place)
