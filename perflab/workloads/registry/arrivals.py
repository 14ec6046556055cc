"""`load_arrivals`: a name with parameters, a file, a trace or arrivals, as users write them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.workloads.describe.arrivals import facts, summary
from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_arrivals
from perflab.workloads.registry.kind import WorkloadKind, register
from perflab.workloads.registry.named import WorkloadInfo, info_of, is_file, read_parameters
from perflab.workloads.registry.traces import WORKLOADS, load_workload
from perflab.workloads.storage import open_arrivals, save_arrivals
from perflab.workloads.synthetic import Bursty, Poisson, Steady, SyntheticArrivals

SYNTHETIC: dict[str, type[SyntheticArrivals]] = {
    kind.workload: kind for kind in (Poisson, Bursty, Steady)
}
ARRIVALS: dict[str, WorkloadInfo] = {name: info_of(kind) for name, kind in SYNTHETIC.items()}


def load_arrivals(
    spec: str | os.PathLike[str] | Arrivals | Trace,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Arrivals:
    """Return the arrivals of a workload.

    Args:
        spec: A name such as ``poisson:rate=200,requests=100k``, a file, arrivals, or a trace
            with times, by its name too, such as ``flights``.
        format: For a file, as in `read_arrivals`.
        columns: For a file, as in `read_arrivals`.
        progress: For a file, as in `read_arrivals`.

    Raises:
        BadInputError: If there is neither such a name nor such a file, or it is wrong, or a
            trace has no times.
    """
    if isinstance(spec, Arrivals):
        return spec
    if isinstance(spec, Trace):
        return Arrivals.of(spec)
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    name = name.strip()
    if isinstance(spec, str) and name in WORKLOADS:
        return Arrivals.of(load_workload(text, format, columns, progress))
    if isinstance(spec, str) and name in SYNTHETIC:
        if format is not None or columns:
            raise BadInputError("a format and columns are for files only", text)
        try:
            return SYNTHETIC[name].read(read_parameters(rest)).make()
        except BadInputError as error:
            raise BadInputError(str(error), text) from None
    if is_file(spec):
        return read_arrivals(text, format, columns, progress)
    hint = nearest(name, (*ARRIVALS, *WORKLOADS))
    raise BadInputError(f"is neither a workload nor a file{hint}", text or "workload")


ARRIVAL_KIND = register(
    WorkloadKind(
        "arrivals",
        Arrivals,
        load_arrivals,
        save_arrivals,
        open_arrivals,
        summary,
        facts,
        ARRIVALS,
        (*ARRIVAL_FORMATS, *FORMATS),
    )
)
