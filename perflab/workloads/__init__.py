"""Workloads: traces from files, from names, and the data that ships.

The names below load when they are first used, so that a service which records loads no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.workloads.datasets import data_path, flights, planes
    from perflab.workloads.describe.traces import remarks, summary
    from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
    from perflab.workloads.importers.columns import parse_columns
    from perflab.workloads.kinds.accesses import Accesses
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.kinds.workload import Workload
    from perflab.workloads.read import read_trace
    from perflab.workloads.registry.accesses import ACCESSES
    from perflab.workloads.registry.arrivals import ARRIVALS, load_arrivals
    from perflab.workloads.registry.kind import WorkloadKind, register
    from perflab.workloads.registry.kinds import kind_of, load_any, save_workload
    from perflab.workloads.registry.named import WorkloadInfo
    from perflab.workloads.registry.traces import WORKLOADS, load_workload
    from perflab.workloads.synthetic import (
        Bursty,
        Daily,
        Loop,
        Poisson,
        Scan,
        Shift,
        Steady,
        Synthetic,
        SyntheticArrivals,
        Uniform,
        Zipf,
    )
    from perflab.workloads.write import write_trace

__all__ = [
    "ACCESSES",
    "ARRIVALS",
    "ARRIVAL_FORMATS",
    "FORMATS",
    "WORKLOADS",
    "Accesses",
    "Arrivals",
    "Bursty",
    "Daily",
    "Loop",
    "Poisson",
    "Scan",
    "Shift",
    "Steady",
    "Synthetic",
    "SyntheticArrivals",
    "Trace",
    "Uniform",
    "Workload",
    "WorkloadInfo",
    "WorkloadKind",
    "Zipf",
    "data_path",
    "flights",
    "kind_of",
    "load_any",
    "load_arrivals",
    "load_workload",
    "parse_columns",
    "planes",
    "read_trace",
    "register",
    "remarks",
    "save_workload",
    "summary",
    "write_trace",
]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "ACCESSES": "perflab.workloads.registry.accesses",
        "ARRIVALS": "perflab.workloads.registry.arrivals",
        "ARRIVAL_FORMATS": "perflab.workloads.formats",
        "Accesses": "perflab.workloads.old_methods",
        "Arrivals": "perflab.workloads.old_methods",
        "Bursty": "perflab.workloads.registry.arrivals",
        "Daily": "perflab.workloads.registry.traces",
        "FORMATS": "perflab.workloads.formats",
        "Loop": "perflab.workloads.registry.traces",
        "Poisson": "perflab.workloads.registry.arrivals",
        "Scan": "perflab.workloads.registry.traces",
        "Shift": "perflab.workloads.registry.traces",
        "Steady": "perflab.workloads.registry.arrivals",
        "Synthetic": "perflab.workloads.registry.traces",
        "SyntheticArrivals": "perflab.workloads.registry.arrivals",
        "Trace": "perflab.workloads.old_methods",
        "Uniform": "perflab.workloads.registry.traces",
        "WORKLOADS": "perflab.workloads.registry.traces",
        "Workload": "perflab.workloads.kinds.workload",
        "WorkloadInfo": "perflab.workloads.registry.named",
        "WorkloadKind": "perflab.workloads.registry.kind",
        "Zipf": "perflab.workloads.registry.traces",
        "data_path": "perflab.workloads.datasets",
        "flights": "perflab.workloads.datasets",
        "kind_of": "perflab.workloads.registry.kinds",
        "load_any": "perflab.workloads.registry.kinds",
        "load_arrivals": "perflab.workloads.registry.arrivals",
        "load_workload": "perflab.workloads.registry.traces",
        "parse_columns": "perflab.workloads.importers.columns",
        "planes": "perflab.workloads.datasets",
        "read_trace": "perflab.workloads.old_methods",
        "register": "perflab.workloads.registry.kind",
        "remarks": "perflab.workloads.describe.traces",
        "save_workload": "perflab.workloads.registry.kinds",
        "summary": "perflab.workloads.describe.traces",
        "write_trace": "perflab.workloads.write",
    },
    old={
        "load_accesses": "perflab.workloads.registry.accesses",
        "read_arrivals": "perflab.workloads.read",
    },
)
