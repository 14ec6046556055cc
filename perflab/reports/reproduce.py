"""The commands that make a result again, quoted for a shell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench, load_bench
from perflab.lab.documents import reading_words
from perflab.lab.run import Run
from perflab.reports.report_scope import AnyResult
from perflab.reports.wording import shell_line, write_for_shell
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import digits


def reproduce(results: Sequence[AnyResult]) -> str:
    """Return the commands that make results again and a report of them, a paragraph each."""
    counts: dict[str, int] = {}
    files, commands = [], []
    for result in results:
        counts[result.kind] = number = counts.get(result.kind, 0) + 1
        several = sum(other.kind == result.kind for other in results) > 1
        files.append(f"{result.kind}-{number}.json" if several else f"{result.kind}.json")
        commands.append(command(result, files[-1]))
    commands.append(shell_line(["perflab", "report", *files, "--out", "report.html"]))
    return "\n".join(commands)


def command(result: AnyResult, out: str | None = None) -> str:
    """Return the command that makes one result again and keeps it in a file."""
    bench = load_bench(result.pattern)
    workload = _workload_options(bench, result)
    if isinstance(result, Run):
        settings = _with_loop(result, named=bool(workload))
        words = ["run", result.pattern, *workload, *set_options(bench, settings)]
        words += _run_options(result)
    elif isinstance(result, Recommendation):
        words = ["tune", result.pattern, *workload, *set_options(bench, result.before)]
        words += ["--objective", result.objective] if result.objective else []
        words += [word for limit in result.limits for word in ("--limit", limit)]
        words += _live_options(result)
    else:
        words = ["predict", result.pattern, *workload, *_sweep_options(bench, result)]
    return shell_line(["perflab", *words, *(["--out", out] if out else [])])


def set_options(
    bench: AnyBench, settings: Mapping[str, object], leave_out: Sequence[str] = ()
) -> list[str]:
    """Return ``--set key=value`` for every setting that is not at its default."""
    words = []
    for key, value in settings.items():
        info = bench.info(key)
        if key not in leave_out and value != info.default:
            words += ["--set", f"{key}={write_for_shell(info, value)}"]
    return words


def _workload_options(bench: AnyBench, result: AnyResult) -> list[str]:
    """Return the options that name a workload; none for the bench's own.

    A run goes through a workload that is named once, and through the bench's own again and again.
    """
    workload = result.workload
    source = str(workload.get("source") or workload.get("name") or "")
    goes_once = isinstance(result, Run) and not result.loop and result.settings.get("loop") is None
    if not source or (source == bench.default_workload and not goes_once):
        return []
    return ["--workload", source, *reading_words(workload.get("options") or {})]


def _with_loop(run: Run, *, named: bool) -> Mapping[str, object]:
    """Return a run's settings, with whether it looped where the command would do otherwise."""
    asked = run.settings.get("loop")
    would = not named if asked is None else asked
    return run.settings if run.loop in (None, would) else {**run.settings, "loop": run.loop}


def _run_options(run: Run) -> list[str]:
    last = run.snapshots.last
    seconds = last.seconds if last is not None else 0.0
    words = ["--seconds", str(max(1, math.ceil(seconds - 0.05)))] if seconds else []
    return words + [
        word for alert in run.alerts for word in ("--alert", str(alert.get("alert", "")))
    ]


def _live_options(found: Recommendation) -> list[str]:
    if found.turns is None:
        return ["--live"] if found.measured else []
    times = {"--budget": found.turns["budget_seconds"], "--turn": found.turns["turn_seconds"]}
    return ["--live", *(word for option, n in times.items() for word in (option, digits(n)))]


def _sweep_options(bench: AnyBench, predictions: Predictions) -> list[str]:
    first = predictions.points[0]["settings"] if predictions.points else {}
    words = set_options(bench, first, predictions.swept)
    for key in predictions.swept:
        info = bench.info(key)
        values = dict.fromkeys(
            write_for_shell(info, point["settings"].get(key)) for point in predictions.points
        )
        words += ["--sweep", f"{key}={','.join(values)}"]
    sampled = {point.get("sampled", 1.0) for point in predictions.points} - {1.0}
    return words + (["--sample", digits(min(sampled))] if sampled else [])
