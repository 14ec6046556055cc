"""`perflab tune service`: the split of memory and connections to ship, and the fleet's pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perflab.cli.output import (
    hand_over,
    notes,
    progress,
    table,
    without_result,
    workload_line,
)
from perflab.cli.service.reading import Asked, read_service

if TYPE_CHECKING:
    from perflab.service.budget import Budget
    from perflab.service.fleet import Fleet
    from perflab.settings import Settings

_METRICS = (
    "latency_seconds_mean",
    "latency_seconds_p99",
    "hit_rate",
    "database_per_second",
    "errors",
    "memory_bytes",
    "most_connections",
)
_FLEET = ("wait_seconds_mean", "wait_seconds_p99", "latency_seconds_p99", "errors")


def tune_service(
    asked: Asked, objective: str | None, limits: Sequence[str] | None, *, fleet: bool
) -> None:
    """Recommend the split of a service's budget, or the pools of its fleet.

    Args:
        asked: What the other options say.
        objective: What to look for; the mean latency where not given.
        limits: What to keep; those of the file where not given and it names no pattern.
        fleet: Whether to size pools in place of splitting.

    Raises:
        BadInputError: If the file, an option or the workload is not right.
        BrokenLimitError: If no split keeps a limit.
    """
    from perflab.errors import BadInputError

    if fleet and (limits or objective):
        text = "applies to budgets; --fleet sizes pools within max_connections"
        raise BadInputError(text, "--limit" if limits else "--objective")
    service, loaded, file = read_service(asked)
    if fleet:
        with without_result():
            sized = service.fleet(loaded)
        hand_over(sized, write_fleet, as_json=asked.as_json, out=asked.out, force=asked.force)
        return
    if not limits and file.section.bench is None:
        limits = file.section.limits
    with progress("tuning", " splits", asked.show) as report, without_result():
        found = service.budget(loaded, limits, objective, report)
    hand_over(found, write_budget, as_json=asked.as_json, out=asked.out, force=asked.force)


def write_budget(result: Budget) -> str:
    """Return a budget as text for a terminal: the split, what it does, and where more pays."""
    from perflab.instrumentation.catalog import metric
    from perflab.units import in_words

    goal = ", ".join((result.objective, *result.limits))
    lines = [f"Service, tuned for {goal} on {workload_line(result.workload)}", "", result.reason]
    rows = [("setting", "now", "recommended"), *_changed(result)]
    lines += ["", table(rows) if len(rows) > 1 else "Nothing to change."]
    known = [name for name in _METRICS if name in result.metrics]
    compared = [["metric", "now", "recommended"]]
    for name in known:
        info = metric(name)
        values = (result.before_metrics[name], result.metrics[name])
        compared.append([info.label, *map(info.format, values)])
    lines += ["", table(compared)]
    info = metric(result.objective.partition(":")[2])
    chosen = result.metrics[info.name]
    steps = [("one step more", info.label, "change")]
    for point in result.next_steps:
        value = point.metrics[info.name]
        steps.append((point.name, info.format(value), info.difference(chosen, value)))
    lines += ["", table(steps)]
    curve = [("memory of all caches", info.label)]
    curve += [
        (in_words(point.total_bytes, "bytes"), info.format(point.metrics[info.name]))
        for point in result.curve
    ]
    lines += ["", table(curve)]
    curve = [("connections of all pools", info.label)]
    curve += [
        (point.name, info.format(point.metrics[info.name])) for point in result.connections_curve
    ]
    lines += ["", table(curve)] if len(curve) > 1 else []
    said = [*result.workload.get("notes", ()), *result.remarks]
    return "\n".join([*lines, "", notes(said)])


def _changed(result: Budget) -> list[tuple[str, str, str]]:
    """Return each setting of which another value is recommended, with both."""
    from perflab.cli.output import value_text
    from perflab.service.service import Service

    now, then = (Service.from_mapping(each) for each in (result.before, result.settings))
    pairs: list[tuple[str, Settings, Settings]] = [("", now.settings, then.settings)]
    pairs += [
        (f"{before.bench}.", before.settings, after.settings)
        for before, after in zip(now.stages, then.stages, strict=True)
    ]
    rows = []
    for place, before, after in pairs:
        for key, info in before.infos().items():
            old, new = getattr(before, key), getattr(after, key)
            if old != new:
                rows.append((f"{place}{key}", value_text(info, old), value_text(info, new)))
    return rows


def write_fleet(result: Fleet) -> str:
    """Return a fleet as text for a terminal: ways to connect, with their waits."""
    from perflab.instrumentation.catalog import metric
    from perflab.units import grouped

    known = [name for name in _FLEET if any(name in row.metrics for row in result.rows)]
    header = ["replicas", "way", "per process", "connections", "in a deploy", "fits"]
    rows = [[*header, *(metric(name).label for name in known)]]
    for row in result.rows:
        counts = [grouped(row.per_process), grouped(row.connections), grouped(row.deploying)]
        cells = [metric(name).format(row.metrics.get(name)) for name in known]
        rows.append([grouped(row.replicas), row.way, *counts, "yes" if row.fits else "no", *cells])
    lines = [f"Fleet, on {workload_line(result.workload)}", "", result.reason, ""]
    lines.append(table(rows, left=(1, 5)))
    if result.warnings:
        lines += ["", "\n".join(f"Warning: {text}" for text in result.warnings)]
    said = [*result.workload.get("notes", ()), *result.remarks]
    return "\n".join([*lines, "", notes(said)])
