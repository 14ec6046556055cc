"""What is asked of any kind of workload: which it is, what it is like, and what a text means."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.workloads.formats import ARRIVAL_FORMATS
from perflab.workloads.guard import bad_input_only
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.registry.accesses import PATTERNS, load_accesses
from perflab.workloads.registry.arrivals import SYNTHETIC, load_arrivals
from perflab.workloads.registry.kind import WorkloadKind, registered
from perflab.workloads.registry.named import is_file
from perflab.workloads.registry.traces import WORKLOADS, load_workload

W = TypeVar("W", bound=Workload)


def kind_of(workload: W) -> WorkloadKind[W]:
    """Return the kind of a workload.

    A class whose kind is registered elsewhere names that module in ``registered_by``.

    Raises:
        BadInputError: If it is no workload of a registered kind.
    """
    place = getattr(workload, "registered_by", None)
    if isinstance(place, str):
        importlib.import_module(place)
    for kind in registered():
        if isinstance(workload, kind.holds):
            return kind
    known = ", ".join(kind.name for kind in registered())
    text = f"{type(workload).__name__} is not a kind of workload; known: {known}"
    raise BadInputError(text, "workload")


def describe(workload: Any) -> dict[str, Any]:
    """Return what a workload is like in numbers: requests, keys, reuse, times, bytes and others.

    Which there are depends on its kind; what it cannot tell is None.

    Raises:
        BadInputError: If it is no workload.
    """
    return kind_of(workload).summary(workload)


def save_workload(workload: Workload, folder: str | os.PathLike[str]) -> None:
    """Write a workload into a folder, which the functions of `perflab.workloads.storage` open.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    kind_of(workload).save(workload, folder)


def load_any(
    spec: str,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Trace | Arrivals | Accesses:
    """Return arrivals where a text names them or a file of them without keys, else a trace.

    Accesses to rows are told by their pattern's name; from a file they are a trace.

    Raises:
        BadInputError: As `load_arrivals`, `load_accesses` and `load_workload` do.
    """
    name = spec.partition(":")[0].strip()
    if name in PATTERNS:
        return load_accesses(spec, None, format, columns, progress)
    named = name in SYNTHETIC or format in ARRIVAL_FORMATS
    if not named and format is None and name not in WORKLOADS and is_file(spec):
        from perflab.workloads.importers.arrivals import is_arrivals  # loads pyarrow

        with bad_input_only(spec, "a workload"):
            named = is_arrivals(spec, columns)
    load = load_arrivals if named else load_workload
    return load(spec, format, columns, progress)
