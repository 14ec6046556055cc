"""Workloads in folders of arrays and in Parquet files."""

from perflab.workloads.storage.folder import save_accesses, save_arrivals, save_trace
from perflab.workloads.storage.opened import open_accesses, open_arrivals, open_trace

__all__ = [
    "open_accesses",
    "open_arrivals",
    "open_trace",
    "save_accesses",
    "save_arrivals",
    "save_trace",
]
