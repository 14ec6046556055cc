"""From the rows of a run that is over to its result."""

from __future__ import annotations

from typing import Any

from perflab.lab.calibration import Calibration
from perflab.lab.environment import environment
from perflab.lab.rows import Rows
from perflab.lab.run import Run
from perflab.workloads.trace import Trace


def run_result(rows: Rows, calibration: Calibration, reason: str, note: str | None) -> Run:
    """Return the result of a run that is over.

    The predictions are over the same requests as what was measured since the last change.
    """
    start = rows.changed or rows.warm
    costs = rows.own_costs(start)
    remarks = rows.model.predict(rows.settings, rows.load, calibration.costs).remarks
    errors = int(rows.measured(None).get("errors", 0))
    failed = (f"{errors:,} requests failed; first: {note}",) if note else ()
    return Run(
        pattern=rows.bench.pattern,
        workload=workload_summary(rows.trace),
        settings={**rows.settings.model_dump(), **plain_load(rows)},
        metrics=rows.measured(rows.warm),
        snapshots=tuple(rows.rows),
        changes=tuple(rows.changes),
        since_change=rows.measured(start),
        predicted=rows.predict(calibration.costs, start),
        fitted=rows.predict(costs, start),
        alerts=tuple(rows.watch.report()),
        calibration=calibration.to_dict(),
        costs=costs,
        environment=environment(),
        ended=reason,
        notes=(*remarks, *failed),
    )


def plain_load(rows: Rows) -> dict[str, Any]:
    """Return the load settings with a backend function by its name."""
    from perflab.lab.calibration import backend_name

    return {**rows.load.model_dump(), "backend": backend_name(rows.load)}


def workload_summary(trace: Trace) -> dict[str, Any]:
    """Return a workload's name, source, fingerprint, summary and notes."""
    return {
        "name": trace.name,
        "source": trace.source,
        "fingerprint": trace.fingerprint,
        "summary": trace.summary(),
        "notes": list(trace.notes),
    }
