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
from statistics import quantiles
from typing import ClassVar

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
NARROWEST, _UNKNOWN, WIDEST = 0.10, 0.25, 0.40
"""Bands around a mean time, as shares of it: with rounds alike, not known, and far apart."""
OLD_SECONDS, _OUTWORN_SECONDS = 7 * 86_400.0, 90 * 86_400.0
"""From these ages on a band is as wide as with rounds not known, and far apart: a machine that was
updated, or has other things to do, is another one."""
_RANGES = 1.24
_UNPACED = "measured in a loop without pauses: a run at your pace renews them"
_NAME_ANOTHER = "set PERFLAB_CACHE_DIR to a folder that can be written"
_ALONE = "measured with one thread: a run with as many as yours renews them"


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration(Result):
    """Costs of a pattern with a backend on a machine.

    Attributes:
        pattern: The pattern's name.
        backend: The backend's name, or what else they are for; empty where that is nothing.
        costs: Plain numbers for the pattern's model.
        source: ``measured`` on this machine, or ``shipped`` with perflab.
        date: When it was measured, in UTC; empty where shipped.
        machine: Processor, cores, memory, system and Python.
        note: Why a calibration that is kept here was not used; empty where it was, or none is.
        load_average: The machine's, over the minute before, per core; none where it is not known.
        spread: How far the mean times of its rounds lie apart, as a share of their mean: the
            median of its runs; none where that is not known.
        renewed: Whether it is as a live run has shown the costs to be since.
        overlapped: Whether another run of the same process went on while it was measured.
    """

    kind: ClassVar[str] = "calibration"
    made_by: ClassVar[str] = "perflab calibrate"

    pattern: str
    backend: str
    costs: dict[str, object]
    source: str
    date: str = ""
    machine: dict[str, object] = dataclasses.field(default_factory=dict)
    note: str = ""
    load_average: float | None = None
    spread: float | None = None
    renewed: bool = False
    overlapped: bool = False

    def describe(self) -> str:
        """Return where the costs come from, in words."""
        if self.source == "shipped":
            advice = f"'perflab calibrate {self.pattern}' measures yours"
            why = f" ({self.note})" if self.note else ""
            return f"costs shipped with perflab{why}; {advice}"
        when = f"{self.date[:16].replace('T', ' ')} UTC"
        age = age_in_words(self.date)
        behind = f" with {self.backend}" if self.backend else ""
        by = " by a live run" if self.renewed else ""
        told = f"costs measured on this machine{behind}{by}, {age or when}"
        said = f"{told} ({when})" if age else told
        notes = [self.note] if self.note else []
        return "; ".join([said, *self.circumstances(), *notes, *self._doubts()])

    @property
    def band(self) -> float | None:
        """Half the width of the 95 % band around a mean time, as a share of it.

        Of six draws from a normal distribution, the last is in 95 % of cases within 1.24 times
        the range of the first five from their mean. None where the costs were not measured here.
        """
        return self.band_at()

    def band_at(self, date: str = "") -> float | None:
        """Return the band of what was predicted at a date in ISO 8601; now where that is empty."""
        if self.source == "shipped":
            return None
        age = self.age(date)
        if self.busy or age >= _OUTWORN_SECONDS:
            return WIDEST
        share = _UNKNOWN if self.spread is None else _RANGES * self.spread
        least = NARROWEST if age < OLD_SECONDS else _UNKNOWN
        return min(WIDEST, max(least, share))

    def age(self, date: str = "") -> float:
        """Return how many seconds old it was at a date, or is now; 0 where that is unclear."""
        return max(_seconds_since(self.date, date) or 0.0, 0.0)

    @property
    def busy(self) -> bool:
        """Whether the machine was busy with other things when the costs were measured."""
        return self.overlapped or is_busy_load(self.load_average)

    def circumstances(self) -> list[str]:
        """Return how busy the machine was and how far the rounds lie apart, where known."""
        known = []
        if self.load_average is not None:
            known.append(f"load average {rounded(self.load_average)} per core")
        if self.spread is not None:
            known.append(f"rounds differ by {percent(max(round(self.spread, 2), 0.01))}")
        if self.band is not None:
            known.append(f"times predicted to ± {percent(self.band)}")
        return [", ".join(known)] if known else []

    def _doubts(self) -> list[str]:
        """Return why the costs may be off, and what to do; nothing where they are fine."""
        if self.overlapped:
            return [
                "another run went on then, so they may be too high: measure again when none does"
            ]
        if self.busy:
            return [
                "the machine was busy then, so they may be too high: measure again when it is not"
            ]
        if self.spread is not None and self.spread >= WIDE_SPREAD:
            return ["the rounds differ too much to rely on them: measure again"]
        if self.age() >= OLD_SECONDS:
            return ["the machine may be another one by now: measure again"]
        return []


def age_in_words(date: str) -> str:
    """Return how long ago a date in ISO 8601 was, such as ``3 hours ago``; empty where unclear."""
    seconds = _seconds_since(date)
    return "" if seconds is None or seconds < 0 else ago(seconds)


def _seconds_since(date: str, until: str = "") -> float | None:
    """Return the seconds from a date to another one, or to now; None where one is unclear."""
    try:
        end = datetime.fromisoformat(until) if until else datetime.now(UTC)
        return (end - datetime.fromisoformat(date)).total_seconds()
    except (ValueError, TypeError):
        return None


def machine_load() -> float | None:
    """Return the load average over the last minute per core; none where it is not told."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return None


def is_busy_load(load_average: float | None) -> bool:
    """Say whether at such a load per core what is measured may be the wait for a processor."""
    return load_average is not None and load_average >= BUSY_LOAD


def calibration_for(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: object = None
) -> Calibration:
    """Return the calibration kept for a backend on this machine, or the one that is shipped.

    One that cannot be used stays where it is: it may be a later perflab's.
    """
    names = kept_names(bench, settings, load, workload)
    note = ""
    known: list[Calibration] = []
    for name in names:
        for path in _paths(bench.identity.pattern, name):
            if not path.is_file():
                continue
            try:
                found = read_calibration(path, bench.calibration.shipped_costs)
                _check_pattern(found, bench.identity.pattern)
            except BadInputError as error:
                note = note or f"the calibration kept in {path.name} {error.message}"
                continue
            known.append(dataclasses.replace(found, note=_unlike(name, names[0])))
            break
    if known:
        return _newest_measured(known)
    return Calibration(
        *(bench.identity.pattern, names[-1], dict(bench.calibration.shipped_costs), "shipped"),
        note=note,
    )


def read_calibration(path: Path, shipped: Mapping[str, object]) -> Calibration:
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


def _unlike(name: str, wanted: str) -> str:
    """Return how the load that a calibration is for differs from the one that is asked about."""
    if name == wanted:
        return ""
    return _UNPACED if "paced" in wanted and "paced" not in name else _ALONE


def _newest_measured(known: list[Calibration]) -> Calibration:
    """Return the first, or one that was measured on purpose after a run had left that."""
    found, *rest = known
    for each in rest:
        if not each.renewed and each.date > found.date:
            found = each
    return found


def _check_pattern(found: Calibration, pattern: str) -> None:
    if found.pattern != pattern:
        raise BadInputError(f"holds the costs of {found.pattern}, not of {pattern}", "pattern")


def check_folder() -> None:
    """Refuse, before anything is measured, a cache folder that cannot be written.

    Raises:
        BadInputError: It names the folder and what to do.
    """
    folder = cache_folder() / "calibrations"
    why = "is not writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot be made ({error.strerror})"
    if not os.access(folder, os.W_OK):
        raise BadInputError(f"{why}; {_NAME_ANOTHER}", str(folder))


def keep_calibration(
    bench: AnyBench,
    settings: Settings,
    load: LoadSettings,
    costs: dict[str, object],
    workload: object = None,
    load_average: float | None = None,
    spread: float | None = None,
    *,
    of_run: bool = False,
    at_load: bool = False,
    overlapped: bool = False,
) -> Calibration:
    """Keep measured costs for this machine and return them as a calibration.

    What the measurement did not see, or is below its resolution, stays as it is shipped. A file
    that this perflab cannot read is not replaced: the costs get a name with the number of their
    format then.

    Args:
        bench: Whose costs.
        settings: Of the pattern.
        load: Of the load.
        costs: What was measured, by name.
        workload: What they are kept for, where that matters to the bench.
        load_average: The machine's per core, before.
        spread: How far rounds lie apart, as a share of their mean.
        of_run: Whether a live run has shown them; they are kept for runs at such a load then.
        at_load: Whether they were measured at the load's own pace and threads, and are kept for
            such runs alone.
        overlapped: Whether another run of this process went on meanwhile.

    Raises:
        BadInputError: If the cache folder cannot be written.
    """
    names = kept_names(bench, settings, load, workload)
    backend = names[0] if of_run or at_load else names[-1]
    seen = {name: cost for name, cost in costs.items() if not _below_resolution(name, cost)}
    whole = {**bench.calibration.shipped_costs, **seen, **_oversleep()}
    date = datetime.now(UTC).isoformat(timespec="seconds")
    kept = Calibration(
        *(bench.identity.pattern, backend, whole, "measured", date, machine()),
        load_average=load_average,
        spread=spread,
        renewed=of_run,
        overlapped=overlapped,
    )
    plain, by_format = _paths(bench.identity.pattern, backend)
    try:
        kept.to_json(plain if _replaceable(plain) else by_format, force=True)
    except BadInputError as error:
        raise BadInputError(f"the costs {error.message}; {_NAME_ANOTHER}", str(plain)) from None
    return kept


def _below_resolution(name: str, cost: object) -> bool:
    """Say whether a measured time is so short that it is nothing but the clock's rounding."""
    if isinstance(cost, Mapping):
        cost = cost.get("mean", RESOLUTION)
        return isinstance(cost, (int, float)) and abs(cost) < RESOLUTION
    return name.endswith("_seconds") and isinstance(cost, (int, float)) and abs(cost) < RESOLUTION


def kept_names(
    bench: AnyBench, settings: Settings, load: LoadSettings, workload: object
) -> tuple[str, ...]:
    """Return what a calibration is kept for, and then what others are that stand in.

    At a pace a request comes to a processor that has done something else, and takes longer than
    one in a loop; among several threads it waits for the others'. A pattern with a load of its
    own is calibrated with that.
    """
    backend = bench.calibrated_for(settings, load, workload)
    if bench.live.open_loop:
        return (backend,)
    paced = ["paced"] if load.paced else []
    threads = [f"{load.concurrency} threads"] if load.concurrency > 1 else []
    base = [backend] if backend else []
    found = [[*base, *paced, *threads], [*base, *paced], base]
    return tuple(dict.fromkeys(", ".join(parts) for parts in found))


def _paths(pattern: str, backend: str) -> tuple[Path, Path]:
    """Return where a calibration is kept, and where if something else has that name."""
    here = hashlib.blake2b(repr(sorted(machine().items())).encode(), digest_size=4).hexdigest()
    safe = re.sub(r"\W+", "-", backend)
    name = "-".join((pattern, *([safe] if safe else []), here))
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


def _oversleep() -> dict[str, float]:
    """Return how much longer than asked a sleep of a millisecond takes, in seconds.

    That is the median, since another program may take the processor for one of them, and how far
    the quartiles lie apart.
    """
    asked, times = 0.001, 20
    late = []
    for _ in range(times):
        started = time.perf_counter()
        time.sleep(asked)
        late.append(max(0.0, time.perf_counter() - started - asked))
    low, middle, high = quantiles(late, n=4)
    return {"sleep_seconds": middle, "sleep_seconds_spread": high - low}
