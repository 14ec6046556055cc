"""One file a pattern: what binds its settings, implementation, model, workload and charts."""

from perflab.benches.base import (
    Bench,
    Export,
    LiveChart,
    Metrics,
    Model,
    Objective,
    Prediction,
    Session,
    WhatIfChart,
)
from perflab.benches.registry import bench_names, load_bench

__all__ = [
    "Bench",
    "Export",
    "LiveChart",
    "Metrics",
    "Model",
    "Objective",
    "Prediction",
    "Session",
    "WhatIfChart",
    "bench_names",
    "load_bench",
]
