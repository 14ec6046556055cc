"""One file a pattern: what binds its settings, implementation, model, workload and charts."""

from perflab.benches.base import Bench
from perflab.benches.model import Histories, Model
from perflab.benches.parts import (
    Export,
    HeatMap,
    LiveChart,
    Objective,
    Observed,
    TimeChart,
    WhatIfChart,
)
from perflab.benches.registry import bench_names, load_bench
from perflab.benches.session import Action, EndOfWorkload, Measured, Session

__all__ = [
    "Action",
    "Bench",
    "EndOfWorkload",
    "Export",
    "HeatMap",
    "Histories",
    "LiveChart",
    "Measured",
    "Model",
    "Objective",
    "Observed",
    "Session",
    "TimeChart",
    "WhatIfChart",
    "bench_names",
    "load_bench",
]
