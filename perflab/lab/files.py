"""JSON out of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perflab.errors import BadInputError
from perflab.workloads.storage.stored_json import read_json_file


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BadInputError: If the file is missing, is not JSON that perflab can have written, or is not
            an object.
    """
    values = read_json_file(path, show_bytes=True)
    if not isinstance(values, dict):
        raise BadInputError("is not a JSON object, so not a result of perflab", str(path))
    return values
