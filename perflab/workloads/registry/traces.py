"""`load_workload`: a name with parameters, a file or a trace, as users write them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.workloads.datasets import flights
from perflab.workloads.describe.traces import facts, summary
from perflab.workloads.formats import FORMATS
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_trace
from perflab.workloads.registry.kind import WorkloadKind, register
from perflab.workloads.registry.named import WorkloadInfo, info_of, is_file, read_parameters
from perflab.workloads.storage import open_trace, save_trace
from perflab.workloads.synthetic import Daily, Loop, Scan, Shift, Synthetic, Uniform, Zipf

FLIGHTS = "flights"
SYNTHETIC: dict[str, type[Synthetic]] = {
    kind.workload: kind for kind in (Zipf, Uniform, Scan, Loop, Shift, Daily)
}


WORKLOADS: dict[str, WorkloadInfo] = {
    FLIGHTS: WorkloadInfo(
        FLIGHTS, "real: the plane of each flight from New York in 2013, with times", {}, FLIGHTS
    ),
    **{name: info_of(kind) for name, kind in SYNTHETIC.items()},
}


@naming_extra("cli")
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


def _make(name: str, rest: str, spec: str) -> Trace:
    if name == FLIGHTS:
        if rest.strip():
            raise BadInputError("the flights take no parameters", spec)
        return flights()
    try:
        return SYNTHETIC[name].read(read_parameters(rest)).make()
    except BadInputError as error:
        raise BadInputError(str(error), spec) from None


TRACES = register(
    WorkloadKind(
        "trace", Trace, load_workload, save_trace, open_trace, summary, facts, WORKLOADS, FORMATS
    )
)
