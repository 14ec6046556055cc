"""`Calibration`: what a model cannot know, from a short live measurement on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.environment import machine
from perflab.lab.result import FORMAT_VERSION, Result
from perflab.settings import LoadSettings, Settings
from perflab.settings.folders import cache_folder
from perflab.units import ago, percent, rounded

BUSY_LOAD = 1.5
"""From so many processes per core on, what is measured may be the wait for a processor."""
RESOLUTION = 1e-9
"""Seconds: what takes less was not measured; the shipped cost stays then."""
WIDE_SPREAD = 0.5
"""From so much between the rounds on, their mean says little of the next one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration(Result):
    """Costs of a pattern with a backend on a machine.

    Attributes:
        pattern: The pattern's name.
        backend: The backend's name.
        costs: Plain numbers for the pattern's model.
        source: ``measured`` on this machine, or ``shipped`` with perflab.
        date: When it was measured, in UTC; empty where shipped.
        machine: Processor, cores, memory, system and Python.
        note: Why a calibration that is kept here was not used; empty where it was, or none is.
        load_average: The machine's, over the minute before, per core; none where it is not known.
        spread: How far the mean times of its rounds lie apart, as a share of their mean: the
            median of its runs; none where that is not known.
    """

    kind: ClassVar[str] = "calibration"
    made_by: ClassVar[str] = "perflab calibrate"

    pattern: str
    backend: str
    costs: dict[str, Any]
    source: str
    date: str = ""
    machine: dict[str, Any] = dataclasses.field(default_factory=dict)
    note: str = ""
    load_average: float | None = None
    spread: float | None = None

    def describe(self) -> str:
        """Return where the costs come from, in words."""
        if self.source == "shipped":
            advice = f"'perflab calibrate {self.pattern}' measures yours"
            why = f" ({self.note})" if self.note else ""
            return f"costs shipped with perflab{why}; {advice}"
        when = f"{self.date[:16].replace('T', ' ')} UTC"
        age = age_in_words(self.date)
        told = f"costs measured on this machine with {self.backend}, {age or when}"
        said = f"{told} ({when})" if age else told
        return "; ".join([said, *self.circumstances(), *self._doubts()])

    def circumstances(self) -> list[str]:
        """Return how busy the machine was and how far the rounds lie apart, where known."""
        known = []
        if self.load_average is not None:
            known.append(f"load average {rounded(self.load_average)} per core")
        if self.spread is not None:
            known.append(f"rounds differ by {percent(max(round(self.spread, 2), 0.01))}")
        return [", ".join(known)] if known else []

    def _doubts(self) -> list[str]:
        """Return why the costs may be off, and what to do; nothing where they are fine."""
        busy = self.load_average is not None and self.load_average >= BUSY_LOAD
        if busy:
            return [
                "the machine was busy then, so they may be too high: measure again when it is not"
            ]
        if self.spread is not None and self.spread >= WIDE_SPREAD:
            return ["the rounds differ too much to rely on them: measure again"]
        return []


def age_in_words(date: str) -> str:
    """Return how long ago a date in ISO 8601 was, such as ``3 hours ago``; empty where unclear."""
    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(date)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return "" if seconds < 0 else ago(seconds)


def machine_load() -> float | None:
    """Return the load average over the last minute per core; none where it is not told."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return None


def calibration_for(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: Any = None
) -> Calibration:
    """Return the calibration kept for a backend on this machine, or the one that is shipped.

    One that cannot be used stays where it is: it may be a later perflab's.
    """
    backend = bench.calibration.kept_for(settings, load, workload)
    note = ""
    for path in _paths(bench.identity.pattern, backend):
        if not path.is_file():
            continue
        try:
            return read_calibration(path, bench.calibration.shipped_costs)
        except BadInputError as error:
            note = note or f"the calibration kept in {path.name} {error.message}"
    return Calibration(
        bench.identity.pattern, backend, dict(bench.calibration.shipped_costs), "shipped", note=note
    )


def read_calibration(path: Path, shipped: Mapping[str, Any]) -> Calibration:
    """Read a kept calibration.

    Args:
        path: Its file.
        shipped: The costs of its pattern that come with perflab, which the kept ones must be like.

    Raises:
        BadInputError: If it is damaged, or of a later version.
    """
    found = Calibration.load(path)
    wrong = wrong_cost(shipped, found.costs)
    if wrong is not None:
        raise BadInputError(f"is damaged: {wrong} is not what perflab measures", str(path))
    return found


def keep_calibration(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    costs: dict[str, Any],
    workload: Any = None,
    load_average: float | None = None,
    spread: float | None = None,
) -> Calibration:
    """Keep measured costs for this machine and return them as a calibration.

    What the measurement did not see, or is below its resolution, stays as it is shipped. A file
    that this perflab cannot read is not replaced: the costs get a name with the number of their
    format then.

    Raises:
        BadInputError: If the cache folder cannot be written.
    """
    backend = bench.calibration.kept_for(settings, load, workload)
    seen = {name: cost for name, cost in costs.items() if not _below_resolution(name, cost)}
    whole = {**bench.calibration.shipped_costs, **seen, "sleep_seconds": max(0.0, _oversleep())}
    date = datetime.now(UTC).isoformat(timespec="seconds")
    kept = Calibration(
        *(bench.identity.pattern, backend, whole, "measured", date, machine()),
        load_average=load_average,
        spread=spread,
    )
    plain, by_format = _paths(bench.identity.pattern, backend)
    try:
        kept.to_json(plain if _replaceable(plain) else by_format, force=True)
    except BadInputError as error:
        text = f"the costs {error.message}; set PERFLAB_CACHE_DIR to a folder that can be written"
        raise BadInputError(text, str(plain)) from None
    return kept


def _below_resolution(name: str, cost: Any) -> bool:
    """Say whether a measured time is so short that it is nothing but the clock's rounding."""
    if isinstance(cost, Mapping):
        cost = cost.get("mean", RESOLUTION)
        return isinstance(cost, (int, float)) and abs(cost) < RESOLUTION
    return name.endswith("_seconds") and isinstance(cost, (int, float)) and abs(cost) < RESOLUTION


def _paths(pattern: str, backend: str) -> tuple[Path, Path]:
    """Return where a calibration is kept, and where if something else has that name."""
    here = hashlib.blake2b(repr(sorted(machine().items())).encode(), digest_size=4).hexdigest()
    safe = re.sub(r"\W+", "-", backend)
    name = f"{pattern}-{safe}-{here}"
    folder = cache_folder() / "calibrations"
    return folder / f"{name}.json", folder / f"{name}-format{FORMAT_VERSION}.json"


def _replaceable(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        Calibration.load(path)
    except BadInputError:
        return False
    return True


def _oversleep() -> float:
    """Return how much longer than asked a sleep of a millisecond takes, in seconds."""
    asked, times = 0.001, 20
    started = time.perf_counter()
    for _ in range(times):
        time.sleep(asked)
    return (time.perf_counter() - started) / times - asked
