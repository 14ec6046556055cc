"""Workloads: traces from files, from names, and the data that ships.

The names below load when they are first used, so that a service which records loads no more.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perflab.workloads.datasets import data_path, flights, planes
    from perflab.workloads.describe.traces import remarks, summary
    from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
    from perflab.workloads.importers.columns import parse_columns
    from perflab.workloads.kinds.accesses import Accesses
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.kinds.workload import Workload
    from perflab.workloads.read import read_trace
    from perflab.workloads.registry.accesses import ACCESSES
    from perflab.workloads.registry.arrivals import ARRIVALS, load_arrivals
    from perflab.workloads.registry.kind import WorkloadKind, register
    from perflab.workloads.registry.kinds import kind_of, load_any, save_workload
    from perflab.workloads.registry.named import WorkloadInfo
    from perflab.workloads.registry.traces import WORKLOADS, load_workload
    from perflab.workloads.synthetic import (
        Bursty,
        Daily,
        Loop,
        Poisson,
        Scan,
        Shift,
        Steady,
        Synthetic,
        SyntheticArrivals,
        Uniform,
        Zipf,
    )
    from perflab.workloads.write import write_trace

_PLACES = {
    "datasets": ("data_path", "flights", "planes"),
    "describe.traces": ("remarks", "summary"),
    "formats": ("ARRIVAL_FORMATS", "FORMATS"),
    "importers.columns": ("parse_columns",),
    "kinds.accesses": ("Accesses",),
    "kinds.arrivals": ("Arrivals",),
    "kinds.trace": ("Trace",),
    "kinds.workload": ("Workload",),
    "read": ("read_trace",),
    "registry.accesses": ("ACCESSES",),
    "registry.arrivals": ("ARRIVALS", "load_arrivals"),
    "registry.kind": ("WorkloadKind", "register"),
    "registry.kinds": ("kind_of", "load_any", "save_workload"),
    "registry.named": ("WorkloadInfo",),
    "registry.traces": ("WORKLOADS", "load_workload"),
    "synthetic": (
        *("Bursty", "Daily", "Loop", "Poisson", "Scan", "Shift", "Steady", "Synthetic"),
        *("SyntheticArrivals", "Uniform", "Zipf"),
    ),
    "write": ("write_trace",),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}
# Until 0.4.
_OLD = {"load_accesses": "registry.accesses", "read_arrivals": "read"}

__all__ = [
    "ACCESSES",
    "ARRIVALS",
    "ARRIVAL_FORMATS",
    "FORMATS",
    "WORKLOADS",
    "Accesses",
    "Arrivals",
    "Bursty",
    "Daily",
    "Loop",
    "Poisson",
    "Scan",
    "Shift",
    "Steady",
    "Synthetic",
    "SyntheticArrivals",
    "Trace",
    "Uniform",
    "Workload",
    "WorkloadInfo",
    "WorkloadKind",
    "Zipf",
    "data_path",
    "flights",
    "kind_of",
    "load_any",
    "load_arrivals",
    "load_workload",
    "parse_columns",
    "planes",
    "read_trace",
    "register",
    "remarks",
    "save_workload",
    "summary",
    "write_trace",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name) or _OLD.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OLD:
        text = f"import {name} from {__name__}.{module}; {__name__}.{name} goes in perflab 0.4"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
    importlib.import_module(f"{__name__}.old_methods")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    if name not in _OLD:
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
