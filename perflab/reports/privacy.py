"""Keeps what is private out of a report: folders, user names, names of machines, passwords."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from perflab.errors import shown
from perflab.errors.addresses import without_secrets

_PRIVATE_KEYS = frozenset({"hostname", "host", "node", "user", "username", "home", "cwd", "pid"})
_PLACES = "home|Users|root|tmp|private|var|mnt|media|Volumes"
_PATH = re.compile(
    rf"(?<![\w/:.])(?:/(?:{_PLACES})/|~/|[A-Za-z]:[\\/])(?:[^\s'\",;:/\\]+[/\\])*([^\s'\",;:/\\]+)"
)
_PARAMETERS = re.compile(r"^\w+:\w+=")


def without_private(values: Mapping[str, object]) -> dict[str, object]:
    """Return a result's values with files' names in place of paths; a workload keeps its name."""
    workload = values.get("workload")
    folders = {str(Path.cwd()), str(Path.home())}
    names: dict[str, str] = {}
    for key in ("source", "name"):
        text = str(workload.get(key) or "") if isinstance(workload, Mapping) else ""
        if text != (short := file_name(text)):
            names[text] = short
            folders.add(str(PurePath(text.replace("\\", "/")).parent))
    prefixes = sorted((f for f in folders if len(f) > 1), key=len, reverse=True)

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {k: clean(item) for k, item in value.items() if k not in _PRIVATE_KEYS}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        if not isinstance(value, str):
            return value
        for name, short in names.items():
            value = value.replace(name, short)
        for folder in prefixes:
            value = value.replace(f"{folder}/", "")
        return without_secrets(_PATH.sub(r"\1", value))

    return {key: clean(value) for key, value in values.items() if key not in _PRIVATE_KEYS}


def without_keys(values: Mapping[str, object]) -> dict[str, object]:
    """Return a result's values without the keys and URLs that are requested most."""
    values = {key: value for key, value in values.items() if key != "by_url"}
    workload = values.get("workload")
    summary = workload.get("summary") if isinstance(workload, Mapping) else None
    if not isinstance(workload, Mapping) or not isinstance(summary, Mapping):
        return values
    kept = {key: value for key, value in summary.items() if key != "most_requested"}
    return {**values, "workload": {**workload, "summary": kept}}


def printable(value: object) -> object:
    """Return a result's values with all texts as `shown` writes them, names of keys among them."""
    if isinstance(value, dict):
        return {shown(key): printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return shown(value) if isinstance(value, str) else value


def file_name(workload: str) -> str:
    """Return a workload's name, without the folders where it is the path of a file."""
    if _PARAMETERS.match(workload) or not re.search(r"[/\\]", workload):
        return workload
    return PurePath(workload.replace("\\", "/")).name
