"""The contract of a bench: what binds a pattern's settings, model, workload and charts."""

from perflab.bench.advising import Advising, Evidence, Opinion
from perflab.bench.base import AnyBench, Bench
from perflab.bench.calibration import CalibrationPlan
from perflab.bench.display import Bounded, Display
from perflab.bench.identity import Identity
from perflab.bench.live import Live
from perflab.bench.model import AnyModel, Histories, Model
from perflab.bench.models import Models
from perflab.bench.over_time import OverTime
from perflab.bench.part_of_keys import PartOfKeys
from perflab.bench.parts import (
    Export,
    HeatMap,
    LiveChart,
    Objective,
    Observed,
    TimeChart,
    WhatIfChart,
)
from perflab.bench.questions import Question
from perflab.bench.registry import bench_names, load_bench
from perflab.bench.session import Action, EndOfWorkload, Measured, Session
from perflab.bench.shadow import Shadow, ShadowPlan
from perflab.bench.stage import Passed, Place, PoolStage, Requests, SizedStage, Stage
from perflab.bench.tuning import Tuning
from perflab.bench.user_servers import UserServers

__all__ = [
    "Action",
    "Advising",
    "AnyBench",
    "AnyModel",
    "Bench",
    "Bounded",
    "CalibrationPlan",
    "Display",
    "EndOfWorkload",
    "Evidence",
    "Export",
    "HeatMap",
    "Histories",
    "Identity",
    "Live",
    "LiveChart",
    "Measured",
    "Model",
    "Models",
    "Objective",
    "Observed",
    "Opinion",
    "OverTime",
    "PartOfKeys",
    "Passed",
    "Place",
    "PoolStage",
    "Question",
    "Requests",
    "Session",
    "Shadow",
    "ShadowPlan",
    "SizedStage",
    "Stage",
    "TimeChart",
    "Tuning",
    "UserServers",
    "WhatIfChart",
    "bench_names",
    "load_bench",
]
