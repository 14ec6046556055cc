"""A workbench for tuning performance patterns: predict, run, tune, report.

The names below load when they are first used, so that a shell command answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.lazily import names_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from perflab.errors import BadInputError
    from perflab.lab.live import LiveRun
    from perflab.lab.run import Run
    from perflab.lab.verbs import allow_server, calibrate, run
    from perflab.lab.verbs import start_live as start
    from perflab.panels.opening import workbench
    from perflab.patterns.cache.settings import CacheSettings
    from perflab.reports.report import report
    from perflab.service.prediction import ServicePrediction
    from perflab.service.service import Service
    from perflab.settings import LoadSettings
    from perflab.tuning.advice.advise import advise
    from perflab.tuning.advice.result import Advice
    from perflab.tuning.check.document import Check
    from perflab.tuning.check.gate import check
    from perflab.tuning.comparison import compare
    from perflab.tuning.recommend import tune
    from perflab.tuning.recommendation import Recommendation
    from perflab.tuning.shipping.apply import apply
    from perflab.tuning.shipping.export import export
    from perflab.tuning.sweep import predict, predictions
    from perflab.workloads import Trace, load_workload, read_trace, write_trace
    from perflab.workloads.recording.record import record
    from perflab.workloads.registry.kinds import describe

__version__ = "0.2.0"

_PLACES = {
    "Advice": "perflab.tuning.advice.result",
    "BadInputError": "perflab.errors",
    "Check": "perflab.tuning.check.document",
    "CacheSettings": "perflab.patterns.cache.settings",
    "LiveRun": "perflab.lab.live",
    "LoadSettings": "perflab.settings",
    "Recommendation": "perflab.tuning.recommendation",
    "Run": "perflab.lab.run",
    "Service": "perflab.service.service",
    "ServicePrediction": "perflab.service.prediction",
    "Trace": "perflab.workloads",
    "advise": "perflab.tuning.advice.advise",
    "allow_server": "perflab.lab.verbs",
    "apply": "perflab.tuning.shipping.apply",
    "calibrate": "perflab.lab.verbs",
    "check": "perflab.tuning.check.gate",
    "compare": "perflab.tuning.comparison",
    "describe": "perflab.workloads.registry.kinds",
    "export": "perflab.tuning.shipping.export",
    "load_workload": "perflab.workloads",
    "predict": "perflab.tuning.sweep",
    "predictions": "perflab.tuning.sweep",
    "read_trace": "perflab.workloads",
    "record": "perflab.workloads.recording.record",
    "report": "perflab.reports",
    "run": "perflab.lab.verbs",
    "start": "perflab.lab.verbs:start_live",
    "tune": "perflab.tuning.recommend",
    "workbench": "perflab.panels",
    "write_trace": "perflab.workloads",
}

__all__ = [
    "Advice",
    "BadInputError",
    "CacheSettings",
    "Check",
    "LiveRun",
    "LoadSettings",
    "Recommendation",
    "Run",
    "Service",
    "ServicePrediction",
    "Trace",
    "advise",
    "allow_server",
    "apply",
    "calibrate",
    "check",
    "compare",
    "describe",
    "export",
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
    "write_trace",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%perflab`` and ``%%perflab_record``; called by ``%load_ext perflab``."""
    from perflab.cli.magics import load

    load(shell)


if not TYPE_CHECKING:  # Else a misspelt name would be Any to a type checker.
    __getattr__, __dir__ = names_of(__name__, _PLACES, extra="cli")
