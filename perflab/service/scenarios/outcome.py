"""`ScenarioOutcome`: what fails when something happens, for how long, and when it is as before."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.lab.result import Result
from perflab.service.damage import check_metrics
from perflab.service.scenarios.windows import check_columns, frame_of
from perflab.units import counted, grouped, in_words, percent

if TYPE_CHECKING:
    import pandas as pd

    from perflab.service.scenarios.windows import Windows

_LOST_SHARE = 0.001
"""So large a share of the requests, of the time that is looked at, may fail in what survives."""
_LOAD_BAND, _LATENCY_BAND, _LATENCY_STEP = 0.15, 0.5, 0.001
_SIGMAS = 4.0
_NEEDED = (
    *("requests", "failures", "failing_seconds"),
    *("database_per_second", "calm_database_per_second"),
    *("latency_seconds_p95", "calm_latency_seconds_p95"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ScenarioOutcome(Result):
    """What becomes of a service when something happens.

    Attributes:
        scenario: What happens, as `read_scenario` takes it.
        title: The same in words.
        workload: As of a prediction.
        settings: Of the service and its stages.
        begins: When it begins, in seconds from the first request on.
        ends: When its cause is over.
        metrics: ``requests``, ``failures`` (beyond those of a calm day), ``calm_failures`` (those
            of a calm day, from `begins` on), ``failing_seconds``, ``database_per_second`` and
            ``latency_seconds_p95``, ``calm_database_per_second`` and ``calm_latency_seconds_p95``,
            all at most from `begins` on, and ``recovery_seconds``, from the end of the cause on,
            where both are within the workload.
        windows: By column, what the service did from moment to moment, as `Windows` has it.
        calm: The same of a calm day.
        survived: Whether next to nothing fails, what fails on a calm day included, and it is as
            before within the workload.
        remarks: What a reader must know.
        environment: Machine, versions and date.
    """

    kind: ClassVar[str] = "scenario"
    made_by: ClassVar[str] = "perflab predict service --scenario NAME --out FILE"

    scenario: str
    title: str
    workload: AboutWorkload
    settings: dict[str, object]
    begins: float
    ends: float
    metrics: dict[str, float]
    windows: dict[str, list[float]]
    calm: dict[str, list[float]]
    survived: bool
    remarks: tuple[str, ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_columns(self.windows)
        check_columns(self.calm)
        check_metrics(self.metrics, _NEEDED)
        check_metrics({"begins": self.begins, "ends": self.ends}, place="scenario")
        if self.windows["ends"] != self.calm["ends"]:
            raise BadInputError("is damaged: its windows are others than those shown", "calm")
        # Files of earlier versions have it in their windows alone, and did not judge by it.
        if self.metrics.get("calm_failures") is None:
            self.metrics["calm_failures"] = float(self._failing(self.calm))
            most = _LOST_SHARE * max(self._after(self.windows, "requests"), 1.0)
            object.__setattr__(self, "survived", self.survived and self.all_failures <= most)

    def to_frame(self) -> pd.DataFrame:
        """Return what the service did from moment to moment, a row for each window."""
        return frame_of(self.windows)

    @property
    def verdict(self) -> str:
        """What fails, for how long, and when it is as before, in words."""
        found = self.metrics
        failing = self._failing_words
        first = "Survives: no request fails"
        if failing:
            first = f"Survives, but {failing}" if self.survived else f"Does not survive: {failing}"
        elif not self.survived:
            first = "Does not survive: no request fails, but it does not become as before"
        load, calm = found["database_per_second"], found["calm_database_per_second"]
        second = (
            f"The database gets up to {in_words(load, '1/s')} instead of {in_words(calm, '1/s')}"
        )
        back = found.get("recovery_seconds")
        third = "it is not as before by the end of the workload"
        if self.outlasts:
            third = "the workload ends before the cause does, so that what comes then is not seen"
        if back is not None:
            third = f"it is as before {in_words(back, 'seconds')} after the cause is over"
            if back == 0:
                third = "it is as before as soon as the cause is over"
        return f"{first}. {second}; {third}."

    @property
    def all_failures(self) -> int:
        """Requests that fail from the beginning on, those that do so on a calm day included."""
        return self._failing(self.windows)

    @property
    def outlasts(self) -> bool:
        """Whether the workload ends before the cause does."""
        return self.ends > self.windows["ends"][-1]

    def table(self) -> list[tuple[str, str, str]]:
        """Return the numbers beside those of a calm day, in words: name, calm, then."""
        found = self.metrics
        rows = []
        for name, unit, title in (
            ("database_per_second", "1/s", "load on the database, at most"),
            ("latency_seconds_p95", "seconds", "p95 latency, at most"),
        ):
            calm = in_words(found[f"calm_{name}"], unit)
            rows.append((title, calm, in_words(found[name], unit)))
        calm_day = grouped(int(found["calm_failures"]))
        return [("requests that fail", calm_day, grouped(self.all_failures)), *rows]

    @property
    def _failing_words(self) -> str:
        """How many requests fail, and how many of them without the scenario; empty for none."""
        found = self.metrics
        lost, usual = int(found["failures"]), int(found["calm_failures"])
        lasting = in_words(found["failing_seconds"], "seconds")
        of_all = f"({percent(lost / max(found['requests'], 1))} of all)"
        if not usual:
            return f"{counted(lost, 'request')} {of_all} fail, over {lasting}" if lost else ""
        more = f"{grouped(lost)} more {of_all} fail then, over {lasting}"
        if not lost:
            more = "no more fail then"
        return f"{counted(usual, 'request')} fail on a calm day already; {more}"

    def _failing(self, columns: dict[str, list[float]]) -> int:
        return round(self._after(columns, "failures"))

    def _after(self, columns: dict[str, list[float]], name: str) -> float:
        """Return the sum of a column over windows that end after the scenario begins."""
        pairs = zip(columns["ends"], columns[name], strict=True)
        return sum(value for end, value in pairs if end > self.begins)


def judged(
    then: Windows, calm: Windows, begins: float, ends: float
) -> tuple[dict[str, float], bool]:
    """Return the metrics of a scenario, and whether the service survives it.

    It does where next to nothing fails from the beginning on, what fails on a calm day included,
    and it becomes as before.

    It is as before from the first window on after which, to the end of the workload, no more
    fail than on a calm day, the database has its calm load (within 15 % and what chance does),
    and the p95 latency is its calm one (within half of it and a millisecond).

    Args:
        then: With the scenario.
        calm: Without it, in the same windows.
        begins: When the scenario begins, in seconds.
        ends: When its cause is over.
    """
    width = float(then.ends[1] - then.ends[0]) if len(then.ends) > 1 else 1.0
    after = then.ends > begins
    lost = np.maximum(then.failures - calm.failures, 0)
    usual = np.maximum(calm.database, calm.database[after].mean() if after.any() else 0.0)
    chance = _SIGMAS * np.sqrt(np.maximum(usual, 1.0 / width) / width)
    loaded = then.database > usual * (1 + _LOAD_BAND) + chance
    slow = _slow(then.p95, calm.p95)
    off = after & ((lost > 0) | loaded | slow)
    found = {
        "requests": float(then.requests.sum()),
        "failures": float(lost.sum()),
        "calm_failures": float(calm.failures[after].sum()),
        "failing_seconds": width * float(np.count_nonzero(lost)),
        "database_per_second": _most(then.database[after]),
        "calm_database_per_second": _most(calm.database[after]),
        "latency_seconds_p95": _most(then.p95[after]),
        "calm_latency_seconds_p95": _most(calm.p95[after]),
    }
    last = float(then.ends[off][-1]) if off.any() else ends
    recovered = not off.any() or last < float(then.ends[-1])
    if recovered and ends <= float(then.ends[-1]):
        found["recovery_seconds"] = max(last - ends, 0.0)
    most = _LOST_SHARE * max(float(then.requests[after].sum()), 1.0)
    kept = float(then.failures[after].sum()) <= most
    return found, bool(kept and recovered)


def _slow(then: npt.NDArray[np.float64], calm: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return in which windows the latency is not what it is on a calm day."""
    usual = np.fmax(calm, _middle(calm))
    with np.errstate(invalid="ignore"):
        beyond: npt.NDArray[np.bool_] = then > usual * (1 + _LATENCY_BAND) + _LATENCY_STEP
    return beyond


def _most(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else 0.0


def _middle(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0
