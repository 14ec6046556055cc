"""Workloads: traces from files, from names, and the data that ships."""

from perflab.workloads.datasets import data_path, flights, planes
from perflab.workloads.describe.traces import remarks, summary
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.read import ARRIVAL_FORMATS, FORMATS, read_arrivals, read_trace
from perflab.workloads.registry.accesses import ACCESSES, load_accesses
from perflab.workloads.registry.arrivals import ARRIVALS, load_any, load_arrivals
from perflab.workloads.registry.traces import WORKLOADS, WorkloadInfo, load_workload
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
