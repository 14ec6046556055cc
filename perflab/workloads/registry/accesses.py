"""`load_accesses`: an access pattern by its name, a file, a trace or accesses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.workloads.describe.accesses import facts, summary
from perflab.workloads.formats import FORMATS
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_trace
from perflab.workloads.registry.kind import WorkloadKind, register
from perflab.workloads.registry.named import WorkloadInfo, info_of, is_file, read_parameters
from perflab.workloads.registry.traces import WORKLOADS, load_workload
from perflab.workloads.storage import open_accesses, save_accesses
from perflab.workloads.synthetic.access_patterns import (
    AccessPattern,
    Backward,
    HotSpot,
    Random,
    Sequential,
    Shuffled,
    Strided,
)

PATTERNS: dict[str, type[AccessPattern]] = {
    kind.workload: kind for kind in (Sequential, Backward, Strided, Random, HotSpot, Shuffled)
}
ACCESSES: dict[str, WorkloadInfo] = {name: info_of(kind) for name, kind in PATTERNS.items()}


def load_accesses(
    spec: str | os.PathLike[str] | Accesses | Trace,
    n_rows: int | None = None,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Accesses:
    """Return which rows a workload asks for.

    Args:
        spec: A name such as ``hotspot:share=0.9,part=0.1``, a file with a row number a request, a
            trace whose keys are row numbers, by its name too, or accesses.
        n_rows: How many rows the store has; none where the workload says it.
        format: For a file, as in `read_trace`.
        columns: For a file, as in `read_trace`; the key is the row number.
        progress: For a file, as in `read_trace`.

    Raises:
        BadInputError: If there is neither such a name nor such a file, or it asks for what is no
            row of the store.
    """
    if isinstance(spec, Accesses):
        return spec if n_rows in (None, spec.n_rows) else _in(spec, n_rows)
    if isinstance(spec, Trace):
        return Accesses.of(spec, n_rows)
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    name = name.strip()
    if isinstance(spec, str) and name in PATTERNS:
        if format is not None or columns:
            raise BadInputError("a format and columns are for files only", text)
        try:
            return PATTERNS[name].read(read_parameters(rest)).make(n_rows)
        except BadInputError as error:
            raise BadInputError(str(error), text) from None
    if isinstance(spec, str) and name in WORKLOADS:
        return Accesses.of(load_workload(text, format, columns, progress), n_rows)
    if is_file(spec):
        return Accesses.of(read_trace(text, format, columns, progress), n_rows)
    hint = nearest(name, ACCESSES)
    raise BadInputError(f"is neither a workload nor a file{hint}", text or "workload")


def _load(
    spec: Any,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Accesses:
    return load_accesses(spec, None, format, columns, progress)


ACCESS_KIND = register(
    WorkloadKind(
        "accesses",
        Accesses,
        _load,
        save_accesses,
        open_accesses,
        summary,
        facts,
        ACCESSES,
        FORMATS,
    )
)


def _in(accesses: Accesses, n_rows: int | None) -> Accesses:
    """Return accesses as those of a store with another number of rows, made anew by their rule."""
    name = accesses.source.partition(":")[0]
    if name in PATTERNS:
        return load_accesses(accesses.source, n_rows)
    fields = {field: getattr(accesses, field) for field in ("source", "notes", "options")}
    most = accesses.n_rows if n_rows is None else n_rows
    return Accesses(accesses.name, accesses.rows, most, **fields)
