"""`export`: a result's settings as the text of a format, or as an edit of a file."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import overload

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.files.edits import Edit
from perflab.lab.result import Result
from perflab.tuning.exports import shipped
from perflab.tuning.shipping.edited import edited


@overload
def export(
    source: Result | str | Path,
    format: str,
    into: None = None,
) -> str: ...


@overload
def export(
    source: Result | str | Path,
    format: str,
    into: str | Path,
    *,
    at: str | Iterable[str] = (),
    only: str | Iterable[str] = (),
    kind: str | None = None,
) -> Edit: ...


@naming_extra("cli")
def export(
    source: Result | str | Path,
    format: str,  # noqa: A002 - the word that users write
    into: str | Path | None = None,
    *,
    at: str | Iterable[str] = (),
    only: str | Iterable[str] = (),
    kind: str | None = None,
) -> str | Edit:
    """Return a result's settings in the format of what takes them; nothing is written.

    With `into` it is an edit of that file: ``difference`` shows it, ``notes`` say what to know,
    and ``write()`` writes it, every other byte as it was.

    Args:
        source: A recommendation, run or prediction of one point, or its file.
        format: As ``perflab export best.json`` lists them, such as ``redis.conf`` or ``spring``.
        into: A YAML, TOML, JSON, Terraform, .conf, .ini, .properties or .env file.
        at: Where it has all values, such as ``app.database.pool``, or ``KEY=PATH`` for one or
            more of them; where the format usually has them, if not given.
        only: The keys to replace; all where none is named.
        kind: The kind of the file, where its name does not tell.

    Raises:
        BadInputError: If it is not a result of one point, the pattern has no such format, the file
            cannot be read, or a value is not there, shared or ambiguous.
    """
    found = shipped(source)
    chosen = found.export(format)
    if found.warning:
        warnings.warn(found.warning, stacklevel=3)
    if into is None:
        for name, value in (("at", at), ("only", only), ("kind", kind)):
            if value:
                raise BadInputError("applies only to into", name)
        return chosen.text
    edit = edited(chosen, os.fspath(into), _texts(at), _texts(only), kind)
    notes = (found.warning, *edit.notes) if found.warning else edit.notes
    return dataclasses.replace(edit, notes=notes)


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
