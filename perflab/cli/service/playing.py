"""`--scenario` and `--survive`: what becomes of a service when something happens, as text."""

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
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.service.scenarios.outcome import ScenarioOutcome
    from perflab.service.scenarios.survive import Survival, Way

_USUAL_TRIES = 12
_STRIPS = 12
"""So many lines the table over time has at most."""


def play_scenario(asked: Asked, scenarios: Sequence[str]) -> None:
    """Play scenarios together through the service of a file and hand the outcome over.

    Args:
        asked: What the other options say.
        scenarios: Such as ``redis-down:at=60,seconds=10``, or names of the file.

    Raises:
        BadInputError: If the file, the scenario, an option or the workload is not right.
    """
    from perflab.service.scenarios import read_scenario
    from perflab.service.scenarios.play import play

    service, loaded, _ = read_service(
        asked, lambda service: read_scenario(scenarios, service.scenarios)
    )
    with without_result():
        outcome = play(service, loaded, scenarios)
    hand_over(outcome, write_outcome, as_json=asked.as_json, out=asked.out, force=asked.force)


def find_survival(asked: Asked, scenarios: Sequence[str]) -> bool:
    """Find the smallest change that survives a scenario, hand it over, and say whether one does.

    Args:
        asked: What the other options say.
        scenarios: What happens, together.

    Raises:
        BadInputError: If the file, the scenario, an option or the workload is not right.
    """
    from perflab.service.scenarios import read_scenario
    from perflab.service.scenarios.survive import survive

    service, loaded, _ = read_service(
        asked, lambda service: read_scenario(scenarios, service.scenarios)
    )
    tried = 0
    with progress("trying", " values", asked.show) as report, without_result():

        def on_try(_key: str, _value: str) -> None:
            nonlocal tried
            tried += 1
            if report is not None:
                report(tried, max(tried, _USUAL_TRIES))

        found = survive(service, loaded, scenarios, on_try=on_try)
    hand_over(found, write_survival, as_json=asked.as_json, out=asked.out, force=asked.force)
    return found.before.survived or found.best is not None


def write_outcome(result: ScenarioOutcome) -> str:
    """Return the outcome of a scenario as text for a terminal."""
    begins = in_words(result.begins, "seconds")
    lines = [
        f"{result.title}, {begins} after the first request, on {workload_line(result.workload)}",
        "",
        result.verdict,
        "",
        table([("", "on a calm day", "then"), *result.table()]),
        "",
        table(_over_time(result)),
    ]
    if result.remarks:
        lines += ["", notes(result.remarks)]
    return "\n".join(lines)


def _over_time(result: ScenarioOutcome) -> list[tuple[str, ...]]:
    """Return what happens from moment to moment, some moments of the windows around it."""
    ends, last = result.windows["ends"], result.metrics.get("recovery_seconds")
    until = ends[-1] if last is None else result.ends + last
    width = ends[1] - ends[0] if len(ends) > 1 else 1.0
    shown = [
        place
        for place, end in enumerate(ends)
        if result.begins - 2 * width <= end <= until + 2 * width
    ]
    step = max(1, -(-len(shown) // _STRIPS))
    rows: list[tuple[str, ...]] = [
        ("seconds", "database", "calm", "failures", "p95 latency", "hit rate")
    ]
    for place in shown[::step]:
        part = slice(place, place + step)
        database, calm = result.windows["database"][part], result.calm["database"][part]
        p95 = [value for value in result.windows["p95"][part] if value == value]  # noqa: PLR0124
        hits = [value for value in result.windows["hit_rate"][part] if value == value]  # noqa: PLR0124
        rows.append(
            (
                in_words(ends[place], "seconds"),
                in_words(max(database), "1/s"),
                in_words(max(calm), "1/s"),
                in_words(sum(result.windows["failures"][part]), ""),
                in_words(max(p95), "seconds") if p95 else "",
                in_words(min(hits), "ratio") if hits else "",
            )
        )
    return rows


def write_survival(result: Survival) -> str:
    """Return what survives a scenario as text for a terminal."""
    before = result.before
    lines = [
        f"{before.title}, on {workload_line(before.workload)}",
        "",
        f"As it is: {before.verdict}",
        "",
        result.advice,
    ]
    if result.ways:
        rows = [("setting", "now", "survives at", "tried", "")]
        rows += [
            (way.key, way.before, way.after or "no value", _tried(way), way.bound)
            for way in result.ways
        ]
        lines += ["", table(rows)]
    if before.remarks:
        lines += ["", notes(before.remarks)]
    return "\n".join(lines)


def _tried(way: Way) -> str:
    """Return the values between which a setting was tried."""
    return f"{way.least} to {way.most}" if way.least else f"up to {way.most}"
