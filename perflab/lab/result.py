"""What all results share: plain values for JSON, and back, with a format version."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import typing_extensions
from pydantic import StrictFloat, StrictInt, StrictStr, TypeAdapter, ValidationError

from perflab.errors import BadInputError
from perflab.files import check_output, write_text
from perflab.lab.row_table import RowTable
from perflab.workloads.storage.stored_json import read_json_file

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT_VERSION = 1


class Result:
    """A frozen dataclass that is kept as JSON; `kind` tells one result from another."""

    kind: ClassVar[str]
    made_by: ClassVar[str]

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain values for JSON; a number that is none is ``null``."""
        return {"kind": self.kind, "format": FORMAT_VERSION, **_plain_fields(self)}  # type: ignore[arg-type]

    def to_json(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the result as JSON; the file appears whole or not at all.

        Args:
            path: The file; a result or a report that is there is replaced.
            force: Whether any other file is replaced as well.

        Raises:
            BadInputError: If it cannot be written, is a file of somebody else's, or the workload.
        """
        check_output(path, self.inputs, force=force)
        return write_text(path, json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The files that it was made of, which it is never written to."""
        workload = getattr(self, "workload", None)
        source = workload.get("source") if isinstance(workload, Mapping) else None
        return (source,) if isinstance(source, str) and source else ()

    @classmethod
    def from_dict(cls, values: Mapping[str, object], place: str = "result") -> Self:
        """Make a result from what `to_dict` returned.

        Raises:
            BadInputError: If it is another kind of result, not whole, or of a newer format.
        """
        if not isinstance(values, Mapping) or values.get("kind") != cls.kind:
            raise BadInputError(f"is not a {cls.kind}; make one with '{cls.made_by}'", place)
        version = values.get("format", 0)
        if isinstance(version, bool) or not isinstance(version, int):
            raise BadInputError("is damaged: format is not a whole number", place)
        if version > FORMAT_VERSION:
            raise BadInputError("was written by a newer perflab; update this one", place)
        return cls(**_checked(cls, values, place))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a result that `to_json` wrote.

        Raises:
            BadInputError: If the file is missing or is not such a result.
        """
        return cls.from_dict(read_json(path), str(path))


def _checked(cls: type[Result], values: Mapping[str, object], place: str) -> dict[str, object]:
    """Return the fields of a result, each of its type.

    Raises:
        BadInputError: With the first field that is missing or wrong.
    """
    made: dict[str, object] = {}
    kinds = _kinds(cls)  # type: ignore[arg-type]  # a class can be hashed, its instances not
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name not in values:
            has_default = field.default is not dataclasses.MISSING
            if has_default or field.default_factory is not dataclasses.MISSING:
                continue
            raise BadInputError(f"is not a whole {cls.kind} ({field.name} is missing)", place)
        try:
            made[field.name] = kinds[field.name].validate_python(values[field.name])
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join((field.name, *(str(part) for part in first["loc"][:3])))
            text = f"is damaged: {where} is not what a {cls.kind} holds ({first['msg'].lower()})"
            raise BadInputError(text, place) from None
    return made


@cache
def _kinds(cls: type[Result]) -> dict[str, TypeAdapter[object]]:
    """Return what checks each field; numbers of JSON may be null, texts are texts."""
    hints = typing.get_type_hints(cls)
    return {
        field.name: TypeAdapter(_loose(hints[field.name]))
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
    }


def _loose(hint: Any) -> Any:
    """Return a type as its values come back from JSON: a number that was none is ``null``.

    What `documents` tells may be lacking, or be more, in the files of other releases.
    """
    if typing_extensions.is_typeddict(hint) and not hasattr(hint, "__pydantic_config__"):
        return dict[StrictStr, object]
    if typing.get_origin(hint) is tuple:
        return types.GenericAlias(tuple, (_loose(typing.get_args(hint)[0]), ...))
    if typing.get_origin(hint) is dict and typing.get_args(hint) == (str, float):
        return dict[StrictStr, StrictFloat | StrictInt | None]
    if typing.get_origin(hint) is dict and typing.get_args(hint) == (str, list[float]):
        return dict[StrictStr, list[StrictFloat | StrictInt | None]]
    return StrictStr if hint is str else hint


def _plain_fields(value: DataclassInstance) -> dict[str, object]:
    names = [field.name for field in dataclasses.fields(value)]
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, RowTable):
        value = value.to_dicts()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = _plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item"):
        return _plain(value.item())
    return str(value)


def read_json(path: str | Path) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        BadInputError: If the file is missing, is not JSON that perflab can have written, or is not
            an object.
    """
    values = read_json_file(path, show_bytes=True)
    if not isinstance(values, dict):
        raise BadInputError("is not a JSON object, so not a result of perflab", str(path))
    return values
