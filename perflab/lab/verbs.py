"""The verbs of the lab: `start_live`, `run` and `calibrate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from perflab.bench.base import AnyBench
from perflab.bench.registry import load_bench
from perflab.callbacks import OnRound
from perflab.errors.extras import naming_extra
from perflab.lab.alerts import Alert, alert_for, check_alerts
from perflab.lab.calibration import Calibration
from perflab.lab.live import LiveRun
from perflab.lab.measuring import CALIBRATION_SECONDS, measure, measured_first, round_count
from perflab.lab.outputs import check_outputs
from perflab.lab.rounds import round_of
from perflab.lab.row import Row
from perflab.lab.run import Run
from perflab.servers.consent import ForeignServer, allow, require
from perflab.servers.keeper import keep_scratch_folders
from perflab.settings import LoadSettings, Settings
from perflab.units import grouped

keep_scratch_folders()


@naming_extra("cli")
def start_live(
    pattern: str,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    seconds: float | None = 10,
    *,
    alerts: Iterable[str | Alert] = (),
    loop: bool | None = None,
    force: bool = False,
    on_round: OnRound | None = None,
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
        on_round: Is told of each round of a first calibration, where one is made.

    Raises:
        BadInputError: If the workload, a setting or an alert is not right.
    """
    bench = load_bench(pattern)
    checked, load = bench.read(settings)
    bench.live.check(checked, load)
    check_outputs(bench, checked, workload, force=force)
    watched = tuple(
        alert if isinstance(alert, Alert) else alert_for(bench, alert) for alert in alerts
    )
    check_alerts(bench, watched, seconds)
    require(bench.foreign_servers(checked))
    loaded = bench.workload_for(checked, workload)
    if loop is None:
        loop = load.loop if load.loop is not None else workload is None
    given = workload is not None
    calibration, spent = measured_first(
        bench, checked, load, loaded, given=given, on_round=on_round
    )
    return LiveRun(
        bench,
        loaded,
        checked,
        load,
        seconds=seconds,
        loop=loop,
        alerts=watched,
        calibration=calibration,
        spent=spent,
        renews=True,
    )


@naming_extra("cli")
def run(
    pattern: str,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
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
    form = "{l_bar}{bar}| {n:.1f}/{total:.0f} s {postfix}"
    with tqdm(total=seconds, disable=not progress, bar_format=form, desc=pattern) as bar:

        def told(number: int, total: int | None) -> None:
            bar.set_postfix_str(f"calibrating, {round_of(number, total)}")

        def show(row: Row) -> None:
            bar.set_postfix_str(f"{grouped(row.requests)} requests", refresh=False)
            bar.update(min(row.seconds, seconds) - bar.n)

        live = start_live(
            pattern, workload, settings, seconds, alerts=alerts, force=force, on_round=told
        )
        try:
            return live.wait(show)
        except KeyboardInterrupt:
            return live.stop()
        finally:
            live.close()


@naming_extra("cli")
def calibrate(
    pattern: str,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    seconds: float = CALIBRATION_SECONDS,
    *,
    progress: bool = True,
) -> Calibration:
    """Measure on this machine what a pattern's model cannot know, with a progress bar; keep it.

    Raises:
        BadInputError: If the workload or a setting is not right, or the backend only fails.
    """
    from tqdm.auto import tqdm

    bench = load_bench(pattern)
    checked, load = bench.read(settings)
    require(bench.foreign_servers(checked))
    spec = bench.calibration.spec_for(checked, load, None) if workload is None else workload
    loaded = bench.workload_for(checked, spec)
    total = round_count(bench, checked, load, loaded)
    form = "{l_bar}{bar}| {postfix}"
    with tqdm(total=total, disable=not progress, bar_format=form, desc=pattern) as bar:

        def told(number: int, total: int | None) -> None:
            bar.set_postfix_str(f"calibrating, {round_of(number, total)}", refresh=False)
            bar.update(max(number - 1, 0) - bar.n)

        found, _ = measure(bench, checked, load, loaded, loaded, seconds, told)
        bar.update((bar.total or bar.n) - bar.n)
        return found


def measure_again(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    workload: object,
    on_round: OnRound | None = None,
) -> Calibration:
    """Measure the costs for a workload again, as a run does that finds none, and keep them.

    Raises:
        BadInputError: If the backend only fails, or a server was not agreed to.
    """
    bench.live.check(settings, load)
    require(bench.foreign_servers(settings))
    on = bench.calibration.spec_for(settings, load, workload)
    return measure(bench, settings, load, on, workload, on_round=on_round)[0]


def allow_server(
    pattern: str, settings: Mapping[str, object] | None = None
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
