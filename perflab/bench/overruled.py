"""`overruled_by_trace`: settings that have no effect on a trace, each with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perflab.settings import LoadSettings, Settings
    from perflab.workloads.kinds.trace import Trace


def overruled_by_trace(_settings: Settings, load: LoadSettings, trace: Trace) -> dict[str, str]:
    """Return which settings a trace overrules, by key, with the reason.

    Args:
        load: With `writes`, `ttl_from` and the backend.
        trace: As it was recorded.
    """
    from perflab.modelling.backend_times import backend_times_of
    from perflab.modelling.own_ttls import every_entry_has_own_ttl

    found = {}
    backend = backend_times_of(trace)
    if backend is None:
        found["backend_scale"] = "the workload has no backend times of its own"
    elif load.calls_function:
        found["backend_scale"] = f"{load.backend_name} takes its own time"
    elif not backend.unknown:
        found["backend_seconds"] = (
            "every read has a backend time of the workload's own; backend scale multiplies it"
        )
    if trace.operations is None:
        found["writes"] = "the workload holds reads alone"
    if trace.ttls is None:
        found["ttl_from"] = "the workload has no TTLs of its own"
    elif every_entry_has_own_ttl(trace, load):
        found["ttl_seconds"] = (
            "every entry has a TTL of its own, which counts while TTL from is recorded"
        )
    return found
