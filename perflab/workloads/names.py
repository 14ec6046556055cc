"""`load_workload`: a name with parameters, a file or a trace, as users write them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.settings import SettingInfo
from perflab.workloads.datasets import flights
from perflab.workloads.read import read_trace
from perflab.workloads.synthetic import Daily, Loop, Scan, Shift, Synthetic, Uniform, Zipf
from perflab.workloads.synthetic.base import Recipe
from perflab.workloads.trace import Trace

FLIGHTS = "flights"
SYNTHETIC: dict[str, type[Synthetic]] = {
    kind.workload: kind for kind in (Zipf, Uniform, Scan, Loop, Shift, Daily)
}


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


WORKLOADS: dict[str, WorkloadInfo] = {
    FLIGHTS: WorkloadInfo(
        FLIGHTS, "real: the plane of each flight from New York in 2013, with times", {}, FLIGHTS
    ),
    **{name: info_of(kind) for name, kind in SYNTHETIC.items()},
}


def load_workload(
    spec: str | os.PathLike[str] | Trace,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Return the trace of a workload.

    Args:
        spec: A name such as ``flights`` or ``zipf:skew=0.9,keys=1M``, a file, or a trace.
        format: For a file, as in `read_trace`.
        columns: For a file, as in `read_trace`.
        progress: For a file, as in `read_trace`.

    Raises:
        BadInputError: If there is neither such a name nor such a file, or it is wrong.
    """
    if isinstance(spec, Trace):
        return spec
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    if isinstance(spec, str) and name.strip() in WORKLOADS:
        if format is not None or columns:
            raise BadInputError("a format and columns are for files only", text)
        return _make(name.strip(), rest, text)
    if is_file(spec):
        return read_trace(text, format, columns, progress)
    hint = nearest(name, WORKLOADS)
    raise BadInputError(f"is neither a workload nor a file{hint}", text or "workload")


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


def _make(name: str, rest: str, spec: str) -> Trace:
    if name == FLIGHTS:
        if rest.strip():
            raise BadInputError("the flights take no parameters", spec)
        return flights()
    try:
        return SYNTHETIC[name].read(read_parameters(rest)).make()
    except BadInputError as error:
        raise BadInputError(str(error), spec) from None


def read_parameters(rest: str) -> dict[str, Any]:
    """Return the parameters behind a workload's name, such as ``skew=0.9,keys=1M``, as texts.

    Raises:
        BadInputError: If one has no value.
    """
    values = {}
    for part in rest.split(",") if rest.strip() else ():
        key, equals, value = part.partition("=")
        if not equals or not value.strip():
            text = f"{part.strip()!r} has no value; write parameters like skew=0.9,keys=1M"
            raise BadInputError(text)
        values[key.strip()] = value.strip()
    return values
