"""One file a pattern: what binds its settings, implementation, model, workload and charts."""

from perflab.benches.base import (
    Bench,
    Export,
    LiveChart,
    Model,
    Objective,
    Session,
    WhatIfChart,
)
from perflab.benches.registry import bench_names, load_bench

__all__ = [
    "Bench",
    "Export",
    "LiveChart",
    "Model",
    "Objective",
    "Session",
    "WhatIfChart",
    "bench_names",
    "load_bench",
]
