"""The methods of workloads that functions have replaced; they go in perflab 0.4.

Data classes know nothing of what stands above them, so that these are put onto them from here:
`perflab.Trace`, `perflab.read_trace` and the registry of kinds come by way of this file.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

from perflab.workloads import storage
from perflab.workloads.describe import accesses, arrivals, traces
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_trace

__all__ = ["Accesses", "Arrivals", "Trace", "read_trace"]

_SUMMARY = "perflab.describe(workload)"
_FACTS = "perflab.workloads.kind_of(workload).facts(workload)"
_SAVE = "perflab.workloads.save_workload(workload, folder)"


def _method(call: Callable[..., Any], name: str, instead: str) -> Callable[..., Any]:
    def method(*values: Any, **named: Any) -> Any:
        text = f"{name}() goes in perflab 0.4; write {instead}"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return call(*values, **named)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Do as before, with a warning: {instead} is the way now."
    return method


def _to_parquet(trace: Trace, path: str | os.PathLike[str], *, force: bool = False) -> None:
    from perflab.workloads.storage.parquet import write_parquet  # loads pyarrow

    write_parquet(trace, path, force=force)


def _from_parquet(path: str | os.PathLike[str]) -> Trace:
    return read_trace(path, format="parquet")


def _put(kind: type[Any], saved: Callable[..., Any], opened: Callable[..., Any], said: Any) -> None:
    instead = f"perflab.workloads.storage.{opened.__name__}(folder)"
    kind.summary = _method(said.summary, "summary", _SUMMARY)
    kind.facts = _method(said.facts, "facts", _FACTS)
    kind.save = _method(saved, "save", _SAVE)
    kind.open = staticmethod(_method(opened, "open", instead))


_put(Trace, storage.save_trace, storage.open_trace, traces)
_put(Arrivals, storage.save_arrivals, storage.open_arrivals, arrivals)
_put(Accesses, storage.save_accesses, storage.open_accesses, accesses)
_TRACE: Any = Trace
_TRACE.to_parquet = _method(_to_parquet, "to_parquet", "perflab.write_trace(trace, path)")
_TRACE.from_parquet = staticmethod(
    _method(_from_parquet, "from_parquet", "perflab.read_trace(path)")
)
