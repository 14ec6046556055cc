"""Workloads: traces from files, from names, and the data that ships."""

from perflab.workloads.arrivals import Arrivals
from perflab.workloads.datasets import data_path, flights, planes
from perflab.workloads.describe import remarks, summary
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.names import WORKLOADS, WorkloadInfo, load_workload
from perflab.workloads.read import FORMATS, read_trace
from perflab.workloads.synthetic import Daily, Loop, Scan, Shift, Synthetic, Uniform, Zipf
from perflab.workloads.trace import Trace
from perflab.workloads.workload import Workload

__all__ = [
    "FORMATS",
    "WORKLOADS",
    "Arrivals",
    "Daily",
    "Loop",
    "Scan",
    "Shift",
    "Synthetic",
    "Trace",
    "Uniform",
    "Workload",
    "WorkloadInfo",
    "Zipf",
    "data_path",
    "flights",
    "load_workload",
    "parse_columns",
    "planes",
    "read_trace",
    "remarks",
    "summary",
]
