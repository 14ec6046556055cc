"""Paths of values in a file, such as ``spring.datasource.hikari`` or ``env[0].value``."""

from __future__ import annotations

import json
import re

from perflab.errors import BadInputError

KeyPath = tuple[str | int, ...]
"""Names of keys, and numbers of items from 0."""

_STEP = re.compile(r"""\.?(?:\[(\d+)\]|("(?:[^"\\]|\\.)*")|'([^']*)'|([^.\[\]"']+))""")
_PLAIN = re.compile(r"[^.\[\]\"'\s]+")


def parse_path(text: str) -> KeyPath:
    """Return the steps of a path; a key that has dots may stand in quotes.

    Raises:
        BadInputError: If it is not a path.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None or (not steps and text.startswith(".")):
            raise BadInputError(
                f"{text!r} is not a path; write it like spring.datasource.hikari, env[0].value or "
                'data."redis.conf"',
                "--at",
            )
        number, quoted, single, plain = found.groups()
        if number is not None:
            steps.append(int(number))
        elif quoted is not None:
            steps.append(_unquoted(quoted))
        else:
            steps.append(single if single is not None else plain.strip())
        position = found.end()
    return tuple(steps)


def path_text(path: KeyPath) -> str:
    """Return a path as `parse_path` reads it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            word = step if _PLAIN.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{word}" if text else word
    return text


def names_of(path: KeyPath) -> str:
    """Return a path as one name with dots, as files of single lines have it."""
    return ".".join(str(step) for step in path)


def same_name(one: str, other: str) -> bool:
    """Say whether two keys are one to programs that allow both ``pool-size`` and ``poolSize``."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return name.replace("-", "").replace("_", "").casefold()


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise BadInputError(f"{text} is not a key in quotes", "--at") from None
