"""`ReportScope`: which settings a report is about, before and after, and which of them to ship."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from perflab.bench import AnyBench, Objective
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import MetricInfo
from perflab.lab.outcome import all_settings
from perflab.lab.run import Run
from perflab.reports.wording import listed, setting_name, write_setting
from perflab.settings import SettingValues
from perflab.settings.load import REPLAY
from perflab.tuning.comparison import Judgement, judge
from perflab.tuning.noise import band_between
from perflab.tuning.objective import good_enough, parse_objective
from perflab.tuning.points import Point as Predicted
from perflab.tuning.predictions import Predictions
from perflab.tuning.reach import fewest_timed_out, least_harmful, unreached
from perflab.tuning.recommendation import Recommendation

Item = TypeVar("Item")

AnyResult = Run | Predictions | Recommendation

_OF_THE_ANSWER = ("request_rate", "concurrency", "backend", "backend_seconds", *REPLAY)
"""Settings of the load that change what is measured; end, warm-up and prices do not.

A speed-up does where a workload has a rate of its own: see `_of_the_answer`.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """Settings of the pattern and of the load, with the metrics that they have."""

    settings: SettingValues
    metrics: Mapping[str, float]


@dataclasses.dataclass(frozen=True, slots=True)
class ReportScope:
    """What a report is about.

    Attributes:
        before: Where the reader comes from; none where only one setting is known.
        after: What it is compared with.
        basis: Whether the metrics of both were measured or predicted.
        objective: What is looked for.
        recommendation: The recommendation that it comes from, if any.
        measured: Measured at `after`, where `basis` is predicted and somebody measured.
        other_load: How the load of what is compared differs, in a sentence without its stop;
            empty where it is the same.
        alike: Whether before and after had the same load and workload, so that one may be better.
        noise: By how much metrics may differ between before and after by chance, as far as known.
        missed: What none of several predictions reaches; empty where one does.
    """

    before: Point | None
    after: Point
    basis: Literal["measured", "predicted"]
    objective: Objective
    recommendation: Recommendation | None = None
    measured: Run | None = None
    other_load: str = ""
    alike: bool = True
    noise: Mapping[str, float] = dataclasses.field(default_factory=dict)
    missed: str = ""

    @property
    def unreached(self) -> str:
        """What no setting reaches, in a sentence without its stop; empty where one does."""
        return self.recommendation.unreached if self.recommendation is not None else self.missed

    @property
    def ship(self) -> Point:
        """The settings to ship: those before, if the others are worse."""
        return self.before if self.before is not None and self.is_worse else self.after

    @property
    def is_worse(self) -> bool:
        """Whether the change misses the objective by more than its tolerance, and than noise."""
        return self._loss is not None and not self.is_noise

    @property
    def is_noise(self) -> bool:
        """Whether the change misses the objective by no more than it may by chance."""
        loss, noise = self._loss, self.noise.get(self.objective.metric)
        return loss is not None and noise is not None and loss <= noise

    @property
    def _loss(self) -> float | None:
        """By how much the change is worse; none where it is good enough, or was not compared."""
        if self.recommendation is not None or self.before is None or not self.alike:
            return None
        old = self.before.metrics.get(self.objective.metric)
        new = self.after.metrics.get(self.objective.metric)
        if old is None or new is None or good_enough(self.objective, new, old):
            return None
        return abs(new - old)

    def judge(self, info: MetricInfo, before: float, after: float) -> Judgement:
        """Say whether a metric got better from before to after; unlike loads do not tell."""
        judged = judge(info, before, after, self.noise.get(info.name))
        return judged if self.alike or judged == "same" else "different"


def scope_of(bench: AnyBench, results: Sequence[AnyResult]) -> ReportScope:
    """Choose: the last recommendation, else the first run and the last, else the predictions."""
    recommendations = [result for result in results if isinstance(result, Recommendation)]
    runs = [result for result in results if isinstance(result, Run)]
    if recommendations:
        chosen = recommendations[-1]
        measured, other_load = _measured_at(bench, chosen, runs)
        return ReportScope(
            before=Point(all_settings(bench, chosen.before), chosen.before_metrics),
            after=Point(all_settings(bench, chosen.settings), chosen.metrics),
            basis="predicted",
            objective=parse_objective(chosen.objective or None, bench.tuning.objective),
            recommendation=chosen,
            measured=measured,
            other_load=other_load,
        )
    if runs:
        before = measured_point(bench, runs[0]) if len(runs) > 1 else None
        of_load = _loads_apart(bench, runs[0].settings, runs[-1].settings)
        alike = not of_load and _is_one_workload(runs[0], runs[-1])
        return ReportScope(
            before=before,
            after=measured_point(bench, runs[-1]),
            basis="measured",
            objective=bench.tuning.objective,
            other_load=f"the first run had {of_load[0]}, the last {of_load[1]}" if of_load else "",
            alike=alike,
            noise=_noise(bench, runs[0], runs[-1]) if alike and len(runs) > 1 else {},
        )
    point, missed = _smallest_good_point(bench, results)
    return ReportScope(None, point, "predicted", bench.tuning.objective, missed=missed)


def measured_point(bench: AnyBench, run: Run) -> Point:
    """Return the settings in force at a run's end, and what was measured under them."""
    return Point(all_settings(bench, run.settings), run.since_change or run.metrics)


def pattern_settings(bench: AnyBench, settings: Mapping[str, object]) -> SettingValues:
    """Return the settings of the pattern, without those of the load."""
    keys = bench.identity.settings_class.model_fields
    return {key: value for key, value in settings.items() if key in keys}


def first_of_each(found: Iterable[Item], key: Callable[[Item], object]) -> list[Item]:
    """Return what was found, without those that are equal to an earlier one by a key."""
    seen: dict[str, Item] = {}
    for one in found:
        seen.setdefault(repr(key(one)), one)
    return list(seen.values())


def apart_from(
    varied: Collection[str | None], bases: Iterable[SettingValues]
) -> list[SettingValues]:
    """Return settings without those that differ from earlier ones only in what is varied."""
    return first_of_each(
        bases, lambda base: sorted((key, base[key]) for key in base if key not in varied)
    )


def _measured_at(
    bench: AnyBench, chosen: Recommendation, runs: Sequence[Run]
) -> tuple[Run | None, str]:
    """Return the run at the recommended settings that says most: unchanged, over most requests.

    One under another load measured something else: where there is no other, it is said how the
    loads differ.
    """
    wanted = pattern_settings(bench, all_settings(bench, chosen.settings))
    fitting = [
        run
        for run in runs
        if run.workload.get("fingerprint") == chosen.workload.get("fingerprint")
        and pattern_settings(bench, all_settings(bench, run.settings)) == wanted
    ]
    fitting.sort(key=lambda run: (not run.changes, run.metrics.get("requests") or 0))
    apart = [_loads_apart(bench, run.settings, chosen.settings) for run in fitting]
    alike = [run for run, words in zip(fitting, apart, strict=True) if not words]
    if alike:
        return alike[-1], ""
    words = apart[-1] if apart else None
    return None, f"the run had {words[0]}, the recommendation is for {words[1]}" if words else ""


def _noise(bench: AnyBench, first: Run, last: Run) -> dict[str, float]:
    """Return by how much each metric of two runs may differ by chance, where that is known."""
    bands = {name: band_between(info, first, last) for name, info in bench.known_metrics().items()}
    return {name: band for name, band in bands.items() if band is not None}


def _is_one_workload(first: Run, last: Run) -> bool:
    """Say whether runs had the same workload, as far as their files tell."""
    named = {run.workload.get("fingerprint") for run in (first, last)}
    return len(named - {None}) < 2


def _loads_apart(
    bench: AnyBench, one: Mapping[str, object], other: Mapping[str, object]
) -> tuple[str, str] | None:
    """Return in words how two loads differ in what changes an answer; None where they do not."""
    first, second = all_settings(bench, one), all_settings(bench, other)
    mine, theirs = _of_the_answer(bench, first), _of_the_answer(bench, second)
    differing = [bench.info(key) for key in mine if mine[key] != theirs[key]]
    if not differing:
        return None

    def in_words(values: Mapping[str, object]) -> str:
        return listed(
            f"{setting_name(info)} {write_setting(info, values.get(info.key))}"
            for info in differing
        )

    return in_words(first), in_words(second)


def _of_the_answer(bench: AnyBench, settings: Mapping[str, object]) -> dict[str, object]:
    """Return what of a load changes what is measured, with the same words for the same load."""
    found = {key: settings.get(key) for key in _OF_THE_ANSWER}
    # A request rate goes before it, and a trace of requests is the same at any.
    counts = bench.workload_kind.has_rate and bench.live.follows_rate(settings)
    speedup = settings.get("speedup") if counts and found["request_rate"] is None else None
    return {**found, "speedup": speedup or 1.0}


def _smallest_good_point(bench: AnyBench, results: Sequence[AnyResult]) -> tuple[Point, str]:
    """Return the smallest point within the tolerance of the best that can run, and what it misses.

    Where none reaches what is looked for, it is the best one, and it is said what none reaches.
    """
    swept = [result for result in results if isinstance(result, Predictions)]
    points = [point for result in swept for point in result.points]
    if not points:
        raise BadInputError("the predictions hold no point; predict again")
    goal = bench.tuning.objective
    known = [point for point in points if point["metrics"].get(goal.metric) is not None]
    known = [point for point in known if _can_run(bench, point["settings"])] or known
    if not known:
        return _plain(points[0]), ""
    choose = max if goal.direction == "max" else min
    best = choose(point["metrics"][goal.metric] for point in known)
    timed_out = fewest_timed_out(known, swept[0].workload)
    missed = unreached(goal, bench.tuning.tuned_noun, best, timed_out) if len(known) > 1 else ""
    enough = [point for point in known if good_enough(goal, point["metrics"][goal.metric], best)]
    if missed:
        return _plain(least_harmful(enough)[0]), missed

    def size(point: Predicted) -> float:
        return point["settings"].get(bench.tuning.tuned_by(point["settings"])) or 0

    return _plain(min(enough, key=size)), ""


def _plain(point: Predicted) -> Point:
    return Point(point["settings"], point["metrics"])


def _can_run(bench: AnyBench, settings: Mapping[str, object]) -> bool:
    try:
        bench.live.check(*bench.read(settings))
    except BadInputError:
        return False
    return True
