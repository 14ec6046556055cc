"""How a run's workload goes over its own time, around the settings of the run."""

from __future__ import annotations

from typing import Any

from perflab.bench.base import AnyBench
from perflab.settings import LoadSettings, Settings


def histories_around(
    bench: AnyBench, workload: Any, settings: Settings, load: LoadSettings
) -> tuple[dict[str, Any], ...]:
    """Return a history for each line of the bench's charts over time, as plain values.

    Where the workload is large, they are from a part of it; nothing where there is no such chart.
    """
    over_time = bench.over_time
    if over_time is None or not over_time.charts_for(workload, load):
        return ()
    asked = over_time.histories(workload)
    values = over_time.values(workload, settings, load)
    return tuple(asked.preview(value, load).to_dict() for value in values)
