"""What the exports of every pattern share: the line that says where they come from, and values."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from typing import Any

from perflab.settings import LoadSettings
from perflab.settings.base import Settings
from perflab.units import counted


def heading(workload: str, *under: str) -> str:
    """Return a comment on one line: the workload, whatever characters it has, and its load."""
    is_path = re.match(r"\w+:\w+=", workload) is None
    name = PurePath(workload.replace("\\", "/")).name if is_path else workload
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return f"# Chosen with perflab for the workload {', '.join((shown, *under))}."


def threads(load: LoadSettings) -> str:
    """Return from how many threads the load came."""
    return counted(load.concurrency, "thread")


def arguments(settings: Settings, always: Collection[str] = (), never: Collection[str] = ()) -> str:
    """Return settings as keyword arguments, one per line; defaults only if `always` is set."""
    values = settings.model_dump()
    return "\n".join(
        f"        {key}={literal(values[key])},"
        for key, info in settings.infos().items()
        if key not in never and (key in always or values[key] != info.default)
    )


def comments(remarks: Collection[str]) -> str:
    """Return remarks as comments, one per line, each with its end of line."""
    return "".join(f"# {remark}\n" for remark in remarks)


def literal(value: Any) -> str:
    """Return a value as Python source, text in double quotes where it has none of its own."""
    text = repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in value:
        return f'"{text[1:-1]}"'
    return text
