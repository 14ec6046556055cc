"""What kind of file one is, by its name and where that leaves it open by its lines."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import PurePath

from perflab.errors import BadInputError, nearest
from perflab.files.edits import hcl, json, lines, toml, yaml
from perflab.files.edits.paths import KeyPath
from perflab.files.edits.spots import Leaf, Spot


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """How values are found in a kind of file.

    Attributes:
        name: Such as ``yaml``.
        find: Returns where a path's value is.
        leaves: Returns all values, by which the edited text is compared with the one before.
        any_bytes: Whether a text that is not UTF-8 is read byte by byte.
    """

    name: str
    find: Callable[[str, KeyPath], Spot]
    leaves: Callable[[str], list[Leaf]]
    any_bytes: bool = False


def _of_lines(name: str, entries: lines.Entries) -> Kind:
    return Kind(name, lines.finder(entries), lines.lister(entries), any_bytes=True)


_KINDS = {
    kind.name: kind
    for kind in (
        Kind("yaml", yaml.find, yaml.leaves),
        Kind("json", json.find, json.leaves),
        Kind("toml", toml.find, toml.leaves),
        Kind("hcl", hcl.find, hcl.leaves),
        _of_lines("conf", lines.directives),
        _of_lines("ini", lines.assignments),
        _of_lines("properties", lines.properties),
        _of_lines("env", lines.variables),
    )
}
KIND_NAMES = tuple(_KINDS)
"""The kinds that can be edited."""

_BY_ENDING = {
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    **dict.fromkeys((".json", ".jsonc", ".tfstate", ".ipynb"), "json"),
    ".toml": "toml",
    **dict.fromkeys((".tf", ".tfvars", ".hcl"), "hcl"),
    **dict.fromkeys((".ini", ".cfg", ".cnf", ".service"), "ini"),
    ".properties": "properties",
    ".env": "env",
}
_ASSIGNED = re.compile(r"^[ \t]*(?:\[[^\]\n]*\]|[\w.-]+[ \t]*=)", re.MULTILINE)


def kind_of(path: str, text: str, named: str | None = None) -> Kind:
    """Return the kind of a file.

    Args:
        path: Its name.
        text: What is in it; a ``.conf`` is one of Redis's, or has sections and signs of equality.
        named: The kind as the user says it; none for what the name tells.

    Raises:
        BadInputError: If it is not told, or there is no such kind.
    """
    if named is not None:
        if named not in _KINDS:
            raise BadInputError(f"unknown kind {named!r}{nearest(named, _KINDS)}", "--kind")
        return _KINDS[named]
    name = PurePath(path).name.lower()
    if name == ".env" or name.startswith(".env."):
        return _KINDS["env"]
    ending = PurePath(name).suffix
    if ending in _BY_ENDING:
        return _KINDS[_BY_ENDING[ending]]
    if ending == ".conf":
        return _KINDS["ini" if _ASSIGNED.search(text) else "conf"]
    raise BadInputError(
        f"its name does not tell what kind of file it is; add --kind with one of "
        f"{', '.join(KIND_NAMES)}",
        path,
    )
