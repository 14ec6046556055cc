"""Templates of keys: ``{host}{path}`` joins two fields of each request into its key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from perflab.errors import BadInputError

_FIELD = re.compile(r"\{([^{}]+)\}")


def is_template(text: str) -> bool:
    """Say whether a text names fields in braces."""
    return "{" in text or "}" in text


def parts_of(text: str) -> list[tuple[str, bool]]:
    """Return the parts of a template in order, each a text and whether it names a field.

    A text without braces is a field's name.

    Raises:
        BadInputError: If a brace is left over, or there is no field.
    """
    if not is_template(text):
        return [(text, True)]
    parts, end = [], 0
    for match in _FIELD.finditer(text):
        parts += [(text[end : match.start()], False), (match[1].strip(), True)]
        end = match.end()
    parts.append((text[end:], False))
    if not any(named for _, named in parts) or any(
        is_template(part) for part, named in parts if not named
    ):
        raise BadInputError(
            f"{text!r} is not a template; write it like {{host}}{{path}}", "columns"
        )
    return [(part, named) for part, named in parts if part]


def fields_of(text: str) -> list[str]:
    """Return the names of the fields in a template.

    Raises:
        BadInputError: If it is none.
    """
    return [part for part, named in parts_of(text) if named]


def joined(text: str, column_of: Callable[[str], Any]) -> Any:
    """Return a template filled from columns: Arrow arrays of texts, or expressions for them.

    Args:
        text: The template.
        column_of: Returns the column of a field's name.
    """
    import pyarrow.compute as pc

    parts = [column_of(part) if named else part for part, named in parts_of(text)]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "")
