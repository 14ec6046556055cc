"""The contract of a bench: what binds a pattern's settings, model, workload and charts."""

from perflab.bench.base import Bench
from perflab.bench.model import Histories, Model
from perflab.bench.parts import (
    Export,
    HeatMap,
    LiveChart,
    Objective,
    Observed,
    TimeChart,
    WhatIfChart,
)
from perflab.bench.registry import bench_names, load_bench
from perflab.bench.session import Action, EndOfWorkload, Measured, Session

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
