"""`perflab predict service`: what is predicted of a whole service, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from perflab.cli.inputs import prepare_kernels, read_workload
from perflab.cli.options import check_out, parse_assignments
from perflab.cli.output import hand_over, notes, table, tell, workload_line
from perflab.cli.project import input_of_file

if TYPE_CHECKING:
    from perflab.service.prediction import ServicePrediction
    from perflab.service.service import Service

SERVICE = "service"
"""What a whole service is called where a pattern could be named."""

Source = tuple[str | None, str | None, dict[str, str] | None]
"""A workload's name, its format, and how it is read."""

_COLUMNS = (
    "requests_per_second",
    "hit_rate",
    "passed_per_second",
    "wait_seconds_mean",
    "wait_seconds_p99",
    "latency_share",
    "memory_bytes",
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


def refuse_for_service(options: Mapping[str, object]) -> None:
    """Refuse options that apply to patterns alone.

    Raises:
        BadInputError: With the first that was given.
    """
    from perflab.errors import BadInputError

    for option, value in options.items():
        if value:
            raise BadInputError("applies only to patterns, not to a whole service", option)


def read_service(
    set_: Iterable[str] | None, project: Path | None, profile: str | None, source: Source
) -> tuple[Service, Source, str]:
    """Return the service of a file with options on top, its workload, and the file's path.

    Raises:
        BadInputError: If there is no file with such a table, or something in it is not right.
    """
    from perflab.errors import BadInputError
    from perflab.project.project_file import NAME, find_project
    from perflab.service.service import Service

    file = find_project(project, profile)
    if file is None:
        text = f"needs a {NAME} with a table [service] in this folder, or one named by --project"
        raise BadInputError(text, SERVICE)
    options = parse_assignments(set_)
    found = Service.of_project(file, options)
    told = f"read {file.path.name}{f', profile {profile}' if profile else ''}"
    tell(f"note: {told}")
    return found, input_of_file(file, *source), str(file.path)


def predict_service(
    source: Source,
    set_: Iterable[str] | None,
    project: Path | None,
    profile: str | None,
    out: Path | None,
    show: bool | None,
    *,
    as_json: bool,
    force: bool,
) -> None:
    """Predict the service of a file and hand the prediction over.

    Args:
        source: The workload that options name, if they do.
        set_: Values that overrule the file's.
        project: The file; that of this folder where not given.
        profile: One of its profiles.
        out: Where the result is kept.
        show: Whether to show progress; none for where somebody sees it.
        as_json: Whether to print JSON.
        force: Whether a file may be replaced that perflab did not write.

    Raises:
        BadInputError: If the file, an option or the workload is not right.
    """
    from perflab.bench.registry import load_bench

    service, source, path = read_service(set_, project, profile, source)
    check_out(out, source[0], [f"={path}"], force=force)
    first = service.stages[0]
    loaded = read_workload(
        source[0], show, *source[1:], load_bench(first.bench), first.settings.model_dump()
    )
    prepare_kernels(show, loaded)
    hand_over(service.predict(loaded), write_service, as_json=as_json, out=out, force=force)


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
