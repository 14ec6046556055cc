"""What the exports of every pattern share: the remark on where they come from, and values."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from typing import Any

from perflab.bench.templates import printable
from perflab.settings import LoadSettings
from perflab.settings.base import Settings
from perflab.units import counted


def heading(workload: str, *under: str) -> str:
    """Return the first remark of an export: the workload without its folder, and its load."""
    is_path = re.match(r"\w+:\w+=", workload) is None
    name = PurePath(workload.replace("\\", "/")).name if is_path else workload
    return f"Chosen with perflab for the workload {', '.join((printable(name), *under))}."


def threads(load: LoadSettings) -> str:
    """Return from how many threads the load came."""
    return counted(load.concurrency, "thread")


def arguments(
    settings: Settings, always: Collection[str] = (), never: Collection[str] = ()
) -> dict[str, Any]:
    """Return settings as keyword arguments, in their order; defaults only if `always` is set."""
    values = settings.model_dump()
    return {
        key: values[key]
        for key, info in settings.infos().items()
        if key not in never and (key in always or values[key] != info.default)
    }


def number(value: float) -> float:
    """Return a number as a whole one where it is one, so that it is written without a point."""
    return int(value) if value == int(value) else value
