"""A workbench for tuning performance patterns: predict, run, tune, report.

The names below load when they are first used, so that a shell command answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perflab.lab.live import LiveRun
    from perflab.lab.run import Run
    from perflab.lab.verbs import allow_server, calibrate, run
    from perflab.lab.verbs import start_live as start
    from perflab.panels import workbench
    from perflab.reports import report
    from perflab.settings import BadInputError, CacheSettings, LoadSettings
    from perflab.tuning.comparison import compare
    from perflab.tuning.recommend import tune
    from perflab.tuning.recommendation import Recommendation
    from perflab.tuning.sweep import predict, predictions
    from perflab.workloads.names import load_workload
    from perflab.workloads.read import read_trace
    from perflab.workloads.record import record
    from perflab.workloads.trace import Trace

__version__ = "0.1.0"

_PLACES = {
    "BadInputError": "perflab.settings",
    "CacheSettings": "perflab.settings",
    "LiveRun": "perflab.lab.live",
    "LoadSettings": "perflab.settings",
    "Recommendation": "perflab.tuning.recommendation",
    "Run": "perflab.lab.run",
    "Trace": "perflab.workloads.trace",
    "allow_server": "perflab.lab.verbs",
    "calibrate": "perflab.lab.verbs",
    "compare": "perflab.tuning.comparison",
    "load_workload": "perflab.workloads.names",
    "predict": "perflab.tuning.sweep",
    "predictions": "perflab.tuning.sweep",
    "read_trace": "perflab.workloads.read",
    "record": "perflab.workloads.record",
    "report": "perflab.reports",
    "run": "perflab.lab.verbs",
    "start": "perflab.lab.verbs:start_live",
    "tune": "perflab.tuning.recommend",
    "workbench": "perflab.panels",
}

__all__ = [
    "BadInputError",
    "CacheSettings",
    "LiveRun",
    "LoadSettings",
    "Recommendation",
    "Run",
    "Trace",
    "allow_server",
    "calibrate",
    "compare",
    "load_workload",
    "predict",
    "predictions",
    "read_trace",
    "record",
    "report",
    "run",
    "start",
    "tune",
    "workbench",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'perflab' has no attribute {name!r}")
    from perflab.extras import naming_extra

    module, _, attribute = _PLACES[name].partition(":")
    with naming_extra("lab" if name == "workbench" else "cli"):
        value = getattr(importlib.import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
