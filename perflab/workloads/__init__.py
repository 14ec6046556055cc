"""Workloads: traces from files, from names, and the data that ships.

The names below load when they are first used: recording, which goes into services, lies in this
room too, and needs none of what they bring along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from perflab.workloads.access_names import ACCESSES, load_accesses
    from perflab.workloads.accesses import Accesses
    from perflab.workloads.arrival_names import ARRIVALS, load_any, load_arrivals
    from perflab.workloads.arrivals import Arrivals
    from perflab.workloads.datasets import data_path, flights, planes
    from perflab.workloads.describe import remarks, summary
    from perflab.workloads.importers.columns import parse_columns
    from perflab.workloads.names import WORKLOADS, WorkloadInfo, load_workload
    from perflab.workloads.read import ARRIVAL_FORMATS, FORMATS, read_arrivals, read_trace
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
    from perflab.workloads.trace import Trace
    from perflab.workloads.workload import Workload

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
    "Zipf",
    "data_path",
    "flights",
    "load_accesses",
    "load_any",
    "load_arrivals",
    "load_workload",
    "parse_columns",
    "planes",
    "read_arrivals",
    "read_trace",
    "remarks",
    "summary",
]

__getattr__, __dir__ = names_of(
    __name__,
    {
        "ACCESSES": "perflab.workloads.access_names",
        "ARRIVALS": "perflab.workloads.arrival_names",
        "ARRIVAL_FORMATS": "perflab.workloads.read",
        "Accesses": "perflab.workloads.accesses",
        "Arrivals": "perflab.workloads.arrivals",
        "Bursty": "perflab.workloads.synthetic",
        "Daily": "perflab.workloads.synthetic",
        "FORMATS": "perflab.workloads.read",
        "Loop": "perflab.workloads.synthetic",
        "Poisson": "perflab.workloads.synthetic",
        "Scan": "perflab.workloads.synthetic",
        "Shift": "perflab.workloads.synthetic",
        "Steady": "perflab.workloads.synthetic",
        "Synthetic": "perflab.workloads.synthetic",
        "SyntheticArrivals": "perflab.workloads.synthetic",
        "Trace": "perflab.workloads.trace",
        "Uniform": "perflab.workloads.synthetic",
        "WORKLOADS": "perflab.workloads.names",
        "Workload": "perflab.workloads.workload",
        "WorkloadInfo": "perflab.workloads.names",
        "Zipf": "perflab.workloads.synthetic",
        "data_path": "perflab.workloads.datasets",
        "flights": "perflab.workloads.datasets",
        "load_accesses": "perflab.workloads.access_names",
        "load_any": "perflab.workloads.arrival_names",
        "load_arrivals": "perflab.workloads.arrival_names",
        "load_workload": "perflab.workloads.names",
        "parse_columns": "perflab.workloads.importers.columns",
        "planes": "perflab.workloads.datasets",
        "read_arrivals": "perflab.workloads.read",
        "read_trace": "perflab.workloads.read",
        "remarks": "perflab.workloads.describe",
        "summary": "perflab.workloads.describe",
    },
)
