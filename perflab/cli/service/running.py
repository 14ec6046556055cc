"""`perflab run service`: a service on real servers, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perflab.cli.output import (
    hand_over,
    notes,
    progress,
    table,
    tell,
    tell_interrupted,
    without_result,
    workload_line,
)
from perflab.cli.service.reading import Asked, read_service
from perflab.units import counted, in_words

if TYPE_CHECKING:
    from perflab.service import Service
    from perflab.service.live.result import ServiceRun

_METRICS = (
    "latency_seconds_mean",
    "latency_seconds_p50",
    "latency_seconds_p95",
    "latency_seconds_p99",
    "hit_rate_process",
    "hit_rate_shared",
    "database_per_second",
    "wait_seconds_mean",
    "service_seconds_mean",
    "errors",
)


def run_service(asked: Asked, scenarios: Sequence[str], seconds: float) -> bool:
    """Run the service of a file, hand the run over, and say whether it was interrupted.

    Args:
        asked: What the other options say.
        scenarios: What happens meanwhile, together; empty for nothing.
        seconds: How long requests come.

    Raises:
        BadInputError: If the file, the scenario, an option or the workload is not right.
        RuntimeError: If a worker died.
    """
    from perflab.service.live import run as live
    from perflab.service.scenarios import read_scenario

    def check(service: Service) -> None:
        live.check_runs(service)
        if scenarios:
            read_scenario(scenarios, service.scenarios)

    service, loaded, _ = read_service(asked, check)
    count = counted(service.settings.processes, "worker")
    with progress("running", " s", asked.show) as report, without_result():

        def on(done: float, whole: float) -> None:
            if report is not None:
                report(round(done), round(whole))

        found = live.run_service(
            *(service, loaded, scenarios or None, seconds),
            progress=on,
            starting=lambda: tell(f"starting {count} and the servers"),
        )
    hand_over(found, write_run, as_json=asked.as_json, out=asked.out, force=asked.force)
    interrupted = live.ENDED_EARLY in found.remarks
    if interrupted:
        tell_interrupted(asked.out)
    return interrupted


def write_run(result: ServiceRun) -> str:
    """Return a run of a service as text for a terminal: measured beside predicted."""
    from perflab.instrumentation.catalog import metric

    rows = [("metric", "predicted before", "refitted", "measured", "refitted is off by")]
    for name in _METRICS:
        real = result.metrics.get(name)
        if real is None:
            continue
        info, fitted = metric(name), result.fitted.get(name)
        off = "" if fitted is None else info.difference(real, fitted)
        shown = (info.format(result.predicted.get(name)), info.format(fitted), info.format(real))
        rows.append((info.label, *shown, off))
    requests = in_words(result.metrics["requests"], "requests")
    lines = [
        f"Service, run on {workload_line(result.workload)}",
        f"{requests} in {in_words(result.seconds, 'seconds')}",
        "",
        table(rows),
    ]
    if result.events:
        happened = [("after", "what")]
        happened += [
            (in_words(event["seconds"], "seconds"), event["words"]) for event in result.events
        ]
        lines += ["", table(happened)]
    servers = [f"{name}: {about}" for name, about in result.servers.items()]
    lines += ["", notes([*result.remarks, *servers])]
    return "\n".join(lines)
