"""Values in TOML: found by tomlkit, which keeps each as it was written.

tomlkit tells no positions. It writes the text with a mark in place of the value, and the mark's
place is the value's, where all that is before and behind it is as it was.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.files.edits.paths import KeyPath, names_of, path_text, same_name
from perflab.files.edits.spots import Leaf, NotThereError, Spot, Value, not_there, plain_text

_MARK = "\ue000perflab\ue000"


@naming_extra("cli")
def find(text: str, path: KeyPath) -> Spot:
    """Return where a value is.

    Raises:
        BadInputError: If it is not TOML, or the value is not there or cannot be told apart.
        MissingExtraError: tomlkit is not installed.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    _parsed(text)
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise BadInputError(f"cannot be edited ({error}); do it by hand") from None
    item: Any = document
    depth = 0
    while depth < len(path):
        item, depth = _step(item, path, depth)
    if isinstance(item, (Mapping, list)):
        raise BadInputError("names several values; name one of them", path_text(path))
    raw = item.as_string()
    item.as_string = lambda: _MARK
    before, mark, after = document.as_string().partition(_MARK)
    if not mark or not text.startswith(before) or text != before + raw + after:
        raise BadInputError(
            "stands where it cannot be told apart from the rest; edit it by hand", path_text(path)
        )
    old = item.unwrap()
    shown = raw if isinstance(old, bool | int | float) else str(old)
    return Spot(len(before), len(before) + len(raw), shown, _writer(raw, old))


def leaves(text: str) -> list[Leaf]:
    """Return all values of a text with their paths, in their order."""
    found: list[Leaf] = []
    _collect(_parsed(text), "", found)
    return found


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"is not valid TOML ({error})") from None
    except ValueError:
        raise BadInputError("holds a number of more digits than can be read") from None
    except RecursionError:
        raise BadInputError("is nested too deeply") from None


def _collect(value: Any, path: str, found: list[Leaf]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _collect(inner, f"{path}/{name}", found)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _collect(inner, f"{path}[{place}]", found)
    else:
        found.append((path, value))


def _step(item: Any, path: KeyPath, depth: int) -> tuple[Any, int]:
    """Return what one or more steps lead to, and how many steps that makes."""
    step = path[depth]
    if isinstance(item, Mapping):
        fitting = [
            (end, name)
            for end in range(depth + 1, len(path) + 1)
            if (name := _key(item, names_of(path[depth:end]))) is not None
        ]
        if len(fitting) > 1:
            raise BadInputError("may be meant in two ways; write the key in quotes", str(step))
        if not fitting:
            raise not_there(path, depth, [str(key) for key in item])
        end, name = fitting[0]
        return _raw(item, name), end
    if isinstance(item, list) and isinstance(step, int):
        if step >= len(item):
            raise not_there(path, depth, ())
        return _raw(item, step), depth + 1
    if isinstance(item, list):
        named = [place for place, each in enumerate(item) if _name(each) == step]
        if len(named) == 1:
            return _raw(item, named[0]), depth + 1
        if named:
            numbers = " and ".join(f"[{place}]" for place in named)
            raise BadInputError(f"has the name of {numbers}; take one of these", str(step))
    raise NotThereError(
        f"{path_text(path[:depth])} has no {step!r}; items of a list have numbers, as [0], or a "
        "name",
        path_text(path),
        depth,
    )


def _key(table: Mapping[Any, Any], name: str) -> str | None:
    """Return the key with a name: exactly it, or else one that differs in case, - and _ alone.

    Raises:
        BadInputError: If several have the name, since a program may take either.
    """
    if name in table:
        return name
    same = [str(key) for key in table if same_name(str(key), name)]
    if len(same) > 1:
        raise BadInputError(f"{' and '.join(map(repr, same))} may both be meant", name)
    return same[0] if same else None


def _name(item: Any) -> str | None:
    """Return the ``name`` of a table in a list."""
    return str(item["name"]) if isinstance(item, Mapping) and "name" in item else None


def _raw(item: Any, step: str | int) -> Any:
    """Return what is there with what tells how it was written, which truth values leave behind."""
    from tomlkit.items import AbstractTable

    inner = item[step]
    if not isinstance(inner, bool):
        return inner
    if isinstance(item, list):
        return list.__getitem__(item, step)  # type: ignore[index]
    # A table that stands in several parts has its own container of all of them.
    container: Any = getattr(item, "_internal_container", item)
    return (container.value if isinstance(container, AbstractTable) else container).item(str(step))


def _writer(raw: str, old: object) -> Callable[[Value], str]:
    if raw.startswith(('"""', "'''")):
        return lambda _: _refused()
    if raw.startswith("'"):
        return _literal
    if isinstance(old, str):
        return lambda value: _basic(plain_text(value))
    if isinstance(old, float):
        return lambda value: _basic(value) if isinstance(value, str) else repr(float(value))
    return lambda value: _basic(value) if isinstance(value, str) else plain_text(value)


def _refused() -> str:
    raise BadInputError("is a text of several lines, not one value")


def _literal(value: Value) -> str:
    text = plain_text(value)
    return f"'{text}'" if text.isprintable() and "'" not in text else _basic(text)


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
