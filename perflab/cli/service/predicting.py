"""`perflab predict service`: what is predicted of a whole service, as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perflab.cli.output import hand_over, notes, table, without_result, workload_line
from perflab.cli.service.reading import Asked, read_service

if TYPE_CHECKING:
    from perflab.service.prediction import ServicePrediction

_COLUMNS = (
    "requests_per_second",
    "hit_rate",
    "passed_per_second",
    "wait_seconds_mean",
    "wait_seconds_p99",
    "latency_share",
    "memory_bytes",
    "calls_per_second",
    "connections",
    "errors",
)
_WHOLE = (
    "latency_seconds_mean",
    "latency_seconds_p50",
    "latency_seconds_p95",
    "latency_seconds_p99",
    "latency_seconds_p999",
    "hit_rate",
    "database_per_second",
    "error_share",
    "memory_bytes",
    "most_connections",
    "cost_per_day",
)


def predict_service(asked: Asked, sample: float | None = None) -> None:
    """Predict the service of a file and hand the prediction over.

    Args:
        asked: What the options say.
        sample: The share of the keys to look at; all where not given.

    Raises:
        BadInputError: If the file, an option or the workload is not right.
    """
    service, loaded, _ = read_service(asked)
    with without_result():
        found = service.predict(loaded, sample=sample)
    hand_over(found, write_service, as_json=asked.as_json, out=asked.out, force=asked.force)


def write_service(result: ServicePrediction) -> str:
    """Return a prediction of a service as text for a terminal."""
    from perflab.instrumentation.catalog import metric

    lines = [f"Service, predicted on {workload_line(result.workload)}", ""]
    columns = [name for name in _COLUMNS if any(name in row.metrics for row in result.stages)]
    rows = [["stage", *(metric(name).label for name in columns)]]
    for row in result.stages:
        known = row.metrics
        cells = [metric(name).format(known[name]) if name in known else "" for name in columns]
        rows.append([row.title, *cells])
    lines += [table(rows), ""]
    whole = [("metric", "predicted")]
    whole += [
        (metric(name).label, metric(name).format(result.metrics[name]))
        for name in _WHOLE
        if name in result.metrics
    ]
    lines.append(table(whole))
    if result.warnings:
        lines += ["", "\n".join(f"Warning: {text}" for text in result.warnings)]
    remarks = [*result.workload.get("notes", ()), *result.remarks]
    if remarks:
        lines += ["", notes(remarks)]
    return "\n".join(lines)
