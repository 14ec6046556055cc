"""Workloads as users name them: a name with parameters, or a file."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from perflab.errors import BadInputError
from perflab.settings import SettingInfo
from perflab.workloads.synthetic.base import Recipe


@dataclasses.dataclass(frozen=True, slots=True)
class WorkloadInfo:
    """A workload that perflab brings.

    Attributes:
        name: What users write.
        summary: One line for pickers and help texts.
        parameters: What can be set, by key; none for real data.
        example: The name with all its parameters at their defaults.
    """

    name: str
    summary: str
    parameters: dict[str, SettingInfo]
    example: str


def info_of(kind: type[Recipe]) -> WorkloadInfo:
    """Return what is known of a rule's workload."""
    return WorkloadInfo(kind.workload, kind.summary, kind.parameters(), kind().spec)


def is_file(spec: str | os.PathLike[str]) -> bool:
    """Return whether a workload's text, which is not a known name, means a file: there or not."""
    text = os.fspath(spec)
    named = os.sep in text or (Path(text).suffix != "" and ":" not in text)
    if named or not isinstance(spec, str):
        return text != ""
    try:
        return text != "" and Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or nobody's home
        return False


def read_parameters(rest: str) -> dict[str, str]:
    """Return the parameters behind a workload's name, such as ``skew=0.9,keys=1M``, as texts.

    Raises:
        BadInputError: If one has no value.
    """
    values: dict[str, str] = {}
    for part in rest.split(",") if rest.strip() else ():
        key, equals, value = part.partition("=")
        if not equals or not value.strip():
            text = f"{part.strip()!r} has no value; write parameters like skew=0.9,keys=1M"
            raise BadInputError(text)
        values[key.strip()] = value.strip()
    return values
