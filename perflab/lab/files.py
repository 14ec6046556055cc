"""JSON out of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perflab.settings import BadInputError


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
