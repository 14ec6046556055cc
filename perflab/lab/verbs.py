"""The verbs of the lab: `start_live`, `run` and `calibrate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from perflab.bench.base import AnyBench
from perflab.bench.registry import load_bench
from perflab.errors.extras import naming_extra
from perflab.lab.alerts import Alert, check_alerts, parse_alert
from perflab.lab.calibration import Calibration, calibration_for, keep_calibration, machine_load
from perflab.lab.live import LiveRun
from perflab.lab.outputs import check_outputs
from perflab.lab.row import Row
from perflab.lab.run import Run
from perflab.servers.consent import ForeignServer, allow, require
from perflab.servers.keeper import keep_scratch_folders
from perflab.settings import LoadSettings, Settings
from perflab.units import grouped

CALIBRATION_SECONDS = 1.5
_LONGER = 4
"""So many times longer is a round of a calibration that is repeated, since it finished nothing."""

keep_scratch_folders()


@naming_extra("cli")
def start_live(
    pattern: str,
    workload: Any = None,
    settings: Mapping[str, Any] | None = None,
    seconds: float | None = 10,
    *,
    alerts: Iterable[str | Alert] = (),
    loop: bool | None = None,
    force: bool = False,
) -> LiveRun:
    """Start a live run in a child process and return at once, or after a first calibration.

    Args:
        pattern: A pattern's name.
        workload: A file's path, a name with parameters, or a `Trace`; none for the bench's own.
        settings: Keys of the pattern and of the load.
        seconds: How long at the most; none for until stopped.
        alerts: Texts such as ``hit_rate<0.8 for 5s``.
        loop: Whether the workload begins again at its end; a workload that the user gave goes
            through once, and the bench's own begins again.
        force: Whether a file may be replaced that is there under the name of the run's output.

    Raises:
        BadInputError: If the workload, a setting or an alert is not right.
    """
    bench = load_bench(pattern)
    checked, load = bench.read(settings)
    bench.live.check(checked, load)
    check_outputs(bench, checked, workload, force=force)
    watched = tuple(alert if isinstance(alert, Alert) else parse_alert(alert) for alert in alerts)
    check_alerts(bench, watched)
    require(bench.foreign_servers(checked))
    trace = bench.workload_for(checked, workload)
    if loop is None:
        loop = load.loop if load.loop is not None else workload is None
    calibration = calibration_for(bench, checked, load, trace)
    spent = 0
    if calibration.source == "shipped":
        known = trace if workload is not None else None
        on = bench.calibration.spec_for(checked, load, known)
        calibration, spent = _measure(bench, checked, load, on, trace)
    return LiveRun(
        bench,
        trace,
        checked,
        load,
        seconds=seconds,
        loop=loop,
        alerts=watched,
        calibration=calibration,
        spent=spent,
    )


@naming_extra("cli")
def run(
    pattern: str,
    workload: Any = None,
    settings: Mapping[str, Any] | None = None,
    seconds: float = 10,
    *,
    alerts: Iterable[str | Alert] = (),
    progress: bool = True,
    force: bool = False,
) -> Run:
    """Run a pattern live, wait with a progress bar, and return what was measured.

    Raises:
        BadInputError: If the workload, a setting or an alert is not right, or the backend only
            fails.
        RuntimeError: If the child process died.
    """
    from tqdm.auto import tqdm

    bench = load_bench(pattern)
    notice = bench.live.notice(*bench.read(settings))
    if notice is not None and progress:
        tqdm.write(f"note: {notice}", file=sys.stderr)
    live = start_live(pattern, workload, settings, seconds, alerts=alerts, force=force)
    form = "{l_bar}{bar}| {n:.1f}/{total:.0f} s {postfix}"
    try:
        with tqdm(total=seconds, disable=not progress, bar_format=form, desc=pattern) as bar:

            def show(row: Row) -> None:
                bar.set_postfix_str(f"{grouped(row.requests)} requests", refresh=False)
                bar.update(min(row.seconds, seconds) - bar.n)

            return live.wait(show)
    except KeyboardInterrupt:
        return live.stop()
    finally:
        live.close()


@naming_extra("cli")
def calibrate(
    pattern: str,
    workload: Any = None,
    settings: Mapping[str, Any] | None = None,
    seconds: float = CALIBRATION_SECONDS,
) -> Calibration:
    """Measure on this machine what a pattern's model cannot know, and keep it.

    Raises:
        BadInputError: If the workload or a setting is not right, or the backend only fails.
    """
    bench = load_bench(pattern)
    checked, load = bench.read(settings)
    require(bench.foreign_servers(checked))
    spec = bench.calibration.spec_for(checked, load, None) if workload is None else workload
    trace = bench.workload_for(checked, spec)
    return _measure(bench, checked, load, trace, trace, seconds)[0]


def measure_again(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: Any
) -> Calibration:
    """Measure the costs for a workload again, as a run does that finds none, and keep them.

    Raises:
        BadInputError: If the backend only fails, or a server was not agreed to.
    """
    bench.live.check(settings, load)
    require(bench.foreign_servers(settings))
    on = bench.calibration.spec_for(settings, load, workload)
    return _measure(bench, settings, load, on, workload)[0]


def _measure(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    on: Any,
    workload: Any,
    seconds: float = CALIBRATION_SECONDS,
) -> tuple[Calibration, int]:
    """Measure on one workload and keep the costs for another, or the same.

    Where the user's caps leave no room for it, or nothing came of it, the shipped costs stay.

    Returns:
        The calibration, and how many requests of those that were agreed to it has made.
    """
    trace = bench.workload_for(settings, on)
    shipped = Calibration(
        bench.identity.pattern, "", dict(bench.calibration.shipped_costs), "shipped"
    )
    runs: list[tuple[Mapping[str, Any], dict[str, Any]]] = []
    spreads: list[float] = []
    spent = 0
    before = machine_load()
    foreign = bool(bench.foreign_servers(settings))
    for values in bench.calibration.runs_for(settings, runs):
        plain, alone = bench.read({**values, "backend": load.backend})
        for lasting in (seconds,) if foreign else (seconds, _LONGER * seconds):
            live = LiveRun(
                bench, trace, plain, alone, seconds=lasting, loop=True, calibration=shipped
            )
            try:
                found = live.wait()
                spent += live.sent
            finally:
                live.close()
            # A machine that is busy elsewhere may finish nothing in a short round.
            if found.metrics.get("requests"):
                break
        runs.append((values, found.costs))
        spreads += [live.spread] if live.spread is not None else []
    costs = bench.calibration.costs_of(runs) if runs else {}
    if not costs:
        return calibration_for(bench, settings, load, workload), spent
    spread = median(spreads) if spreads else None
    kept = keep_calibration(bench, settings, load, costs, workload, before, spread)
    return kept, spent


def allow_server(
    pattern: str, settings: Mapping[str, Any] | None = None
) -> tuple[ForeignServer, ...]:
    """Agree to all that a run of a pattern would do on servers of your own, and return it.

    Args:
        pattern: A pattern's name.
        settings: Keys of the pattern and of the load, as the run will have them.

    Raises:
        BadInputError: If a setting or an address is not right, or that cannot be written down.
    """
    bench = load_bench(pattern)
    servers = bench.foreign_servers(bench.read(settings)[0])
    allow(*servers)
    return servers
