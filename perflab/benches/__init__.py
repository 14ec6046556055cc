"""One file a pattern: what binds its settings, implementation, model, workload and charts."""

from perflab.benches.base import (
    Bench,
    Export,
    LiveChart,
    Model,
    Objective,
    WhatIfChart,
)
from perflab.benches.registry import bench_names, load_bench
from perflab.benches.session import Action, Measured, Session

__all__ = [
    "Action",
    "Bench",
    "Export",
    "LiveChart",
    "Measured",
    "Model",
    "Objective",
    "Session",
    "WhatIfChart",
    "bench_names",
    "load_bench",
]
