"""What all results share: plain values for JSON, and back, with a format version."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from perflab.files import check_output, write_text
from perflab.lab.files import read_json
from perflab.settings import BadInputError

FORMAT_VERSION = 1


class Result:
    """A frozen dataclass that is kept as JSON; `kind` tells one result from another."""

    kind: ClassVar[str]
    made_by: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; a number that is none is ``null``."""
        values = dataclasses.asdict(self)  # type: ignore[call-overload]
        return {"kind": self.kind, "format": FORMAT_VERSION, **_plain(values)}

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
    def from_dict(cls, values: Mapping[str, Any], place: str = "result") -> Self:
        """Make a result from what `to_dict` returned.

        Raises:
            BadInputError: If it is another kind of result, not whole, or of a newer format.
        """
        if values.get("kind") != cls.kind:
            raise BadInputError(f"is not a {cls.kind}; make one with '{cls.made_by}'", place)
        if values.get("format", 0) > FORMAT_VERSION:
            raise BadInputError("was written by a newer perflab; update this one", place)
        fields = {field.name: str(field.type) for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        kept = {
            key: tuple(value) if fields[key].startswith("tuple") else value
            for key, value in values.items()
            if key in fields
        }
        try:
            return cls(**kept)
        except TypeError as error:
            raise BadInputError(f"is not a whole {cls.kind} ({error})", place) from None

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a result that `to_json` wrote.

        Raises:
            BadInputError: If the file is missing or is not such a result.
        """
        return cls.from_dict(read_json(path), str(path))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
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
