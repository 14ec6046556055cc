"""What-if for all keys of a workload from a part of them, such as a recording of a sample."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from perflab.callbacks import Cancelled
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.latency import HitMissCosts
from perflab.modelling.model import Model, Sharpening
from perflab.modelling.part_error import UNKNOWN, KeyGroups
from perflab.modelling.part_metrics import grown, moved, widen
from perflab.modelling.part_settings import S, Scaling, load_for_part
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.modelling.scaling import off_by_scaling, scales_down
from perflab.settings import LoadSettings
from perflab.units import percent
from perflab.workloads.kinds.trace import Trace

M = TypeVar("M", bound=Model[Any])
Make = Callable[[Trace, Costs], M]


def for_all_keys(
    trace: Trace,
    costs: Costs,
    make: Make[M],
    scaling: Scaling[S],
    make_group: Make[Model[S]] | None = None,
) -> M | PartModel[S]:
    """Return a model of the whole workload that a trace is, or is a part of.

    Args:
        trace: With the share of the keys that it holds.
        costs: What was measured.
        make: Returns the model of requests at costs, without regard to a share.
        scaling: How the settings follow the number of keys.
        make_group: The same for a group of the keys; `make` where not given.
    """
    if trace.sample_rate >= 1:
        return make(trace, costs)
    alone = dataclasses.replace(trace, sample_rate=1.0, all_requests=None, check=False)
    group: Make[Model[S]] = make_group or make
    groups = KeyGroups.of(alone, lambda some: group(some, costs))
    part = make(alone, costs)
    kind = SharpeningPartModel if hasattr(part, "preview") else PartModel
    return kind(trace, part, groups, scaling, costs)


class PartModel(Generic[S]):
    """Predictions for all keys, though only a part of them is at hand.

    A cache of the part's share of the entries and bytes sees the part's requests: miniature
    simulation, as in `ScaledDown`, and its counts, memory and pace are those of the whole
    times the share. Where the requests of all keys are known, misses are a share of as many as such
    a part has on average, not of its own: whether the most popular keys are in it decides over the
    number of its requests, but these hit (SHARDS-adj: Waldspurger et al., FAST 2015, section 4.2).
    The error is that of the part, from groups of its keys, and that of a small
    cache. Requests that a live run made are those of the part: for them the part answers.

    Args:
        trace: The part; its `sample_rate` is the share.
        part: What answers for its requests without regard to the share.
        groups: The same for groups of its keys.
        scaling: How the settings follow the number of keys.
        costs: What was measured, which the part and the groups were made with.
    """

    def __init__(
        self,
        trace: Trace,
        part: Model[S],
        groups: KeyGroups[Model[S]],
        scaling: Scaling[S],
        costs: Costs,
    ) -> None:
        self.trace = trace
        self._share = trace.sample_rate
        # Its share of the requests, which is what rates follow.
        self._load_share = trace.sample_rate * trace.density
        expected = trace.all_requests
        self._expected = None if expected is None else expected * trace.sample_rate
        self._part = part
        self._groups = groups
        self._scaling = scaling
        self._costs = costs
        self._hit_miss = HitMissCosts.of(costs)
        # How far a part is off may depend on the costs, such as on the bytes of an entry.
        self._errors: KeptAnswers[tuple[S, LoadSettings], float] = KeptAnswers()
        self._errors_of_time: KeptAnswers[tuple[S, LoadSettings], tuple[float, float]] = (
            KeptAnswers()
        )

    def with_costs(self, costs: Costs) -> Self:
        """Return the same at other costs; the two share what part and groups have counted."""
        groups = self._groups.with_costs(costs)
        part = self._part.with_costs(costs)
        return type(self)(self.trace, part, groups, self._scaling, costs)

    def prepare(self) -> None:
        """Compute what most answers lean on, for the part and for its groups."""
        self._part.prepare()
        for group in self._groups.models:
            group.prepare()

    def ready(self, settings: S, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        if (settings, load) not in self._errors:
            return False
        smaller = load_for_part(load, self._load_share)
        places = self._scaling.places(settings, self._share, self._costs)
        return all(self._part.ready(there, smaller) for _, there in places)

    def predict(self, settings: S, load: LoadSettings, requests: slice | None = None) -> Prediction:
        """Return the prediction for all keys, or that of a slice of the part's own requests.

        Raises:
            BadInputError: If the part's model has no answer.
        """
        if requests is not None:
            there = self._scaling.shrink(settings, self._share, self._costs)
            smaller = load_for_part(load, self._load_share)
            return self._part.predict(there, smaller, requests)
        answer = self._asked(self._part.predict, settings, load)
        assert answer is not None  # noqa: S101  (a prediction is never none)
        return self._told(answer, settings, load, self._error(settings, load))

    def _asked(
        self,
        ask: Callable[[S, LoadSettings], Prediction | None],
        settings: S,
        load: LoadSettings,
    ) -> Prediction | None:
        """Return what the part says of its share of the settings; none where it does not yet."""
        smaller = load_for_part(load, self._load_share)
        places = self._scaling.places(settings, self._share, self._costs)
        found = [(weight, ask(there, smaller)) for weight, there in places]
        answers = [(weight, answer) for weight, answer in found if answer is not None]
        if len(answers) < len(found):
            return None
        first = answers[0][1]
        if len(answers) == 1:
            return first
        return dataclasses.replace(
            first,
            metrics=_between([(weight, answer.metrics) for weight, answer in answers]),
            error=max(answer.error for _, answer in answers),
            sampled=min(answer.sampled for _, answer in answers),
            low=None,
            high=None,
        )

    def _error(self, settings: S, load: LoadSettings) -> float:
        """Return how far the part is off for being a part; kept."""

        def answer(model: Model[S], share: float) -> tuple[float, float]:
            smaller = load_for_part(load, share * self.trace.density)
            places = self._scaling.places(settings, share, self._costs)
            metrics = _between([(w, model.predict(there, smaller).metrics) for w, there in places])
            return metrics["hits"], metrics["requests"]

        return self._errors.answer(
            (settings, load), lambda: self._groups.error(answer, self._share, self._expected)
        )

    def _errors_of_times(self, settings: S, load: LoadSettings) -> tuple[float, float]:
        """Return how far the part is off in backend time saved, and in its seconds per read; kept.

        What both hang on is which of the keys that take long are in the part.
        """

        def of_group(model: Model[S], share: float) -> tuple[float, float, float]:
            smaller = load_for_part(load, share * self.trace.density)
            there = self._scaling.shrink(settings, share, self._costs)
            found = model.predict(there, smaller)
            if found.missed is None:
                return 0.0, 0.0, found.metrics["requests"]
            return (*found.missed.spent(load), found.metrics["requests"])

        def saved(model: Model[S], share: float) -> tuple[float, float]:
            missed, asked, _ = of_group(model, share)
            return asked - missed, asked

        def per_read(model: Model[S], share: float) -> tuple[float, float]:
            missed, _, reads = of_group(model, share)
            return missed, reads

        return self._errors_of_time.answer(
            (settings, load),
            lambda: (
                self._groups.error(saved, self._share),
                self._groups.error(per_read, self._share),
            ),
        )

    def _told(
        self, answer: Prediction, settings: S, load: LoadSettings, error: float
    ) -> Prediction:
        policy = getattr(settings, self._scaling.policy)
        entries = answer.metrics.get("entries", 1.0)
        ages = getattr(settings, "ttl_seconds", None) is not None
        off = off_by_scaling(policy, entries, ages=ages)
        band = min(1.0, math.hypot(answer.error * self.trace.density, error, off))
        missed = answer.missed
        miss = None if missed is None else missed.cost(self._hit_miss, load)
        metrics = grown(answer.metrics, load, self._hit_miss, self.trace, miss)
        low, high = (moved(metrics, self._hit_miss, end * band) for end in (-1, 1))
        if missed is not None:
            widen(low, high, metrics, self._errors_of_times(settings, load))
        return dataclasses.replace(
            answer,
            metrics=metrics,
            sampled=answer.sampled * self._share,
            error=band,
            remarks=(*answer.remarks, *self._remarks(settings)),
            low=low,
            high=high,
        )

    def _remarks(self, settings: S) -> Sequence[str]:
        text = f"estimated for the full key set from a {percent(self._share)} sample"
        said = [f"{text}; settings, counts and memory refer to the full set"]
        there = self._scaling.shrink(settings, self._share, self._costs)
        smaller = [
            f"{key} {there.info(key).format(getattr(there, key))} "
            f"for {there.info(key).format(getattr(settings, key))}"
            for key in type(there).model_fields
            if getattr(there, key) != getattr(settings, key)
        ]
        if smaller:
            said.append(
                f"a run replays these keys alone, with {' and '.join(smaller)}: its counts and "
                "memory are those of the part"
            )
            caveat = self._scaling.caveat(there, self._costs)
            said += [] if caveat is None else [caveat]
        policy = getattr(settings, self._scaling.policy)
        if not scales_down(policy):
            title = settings.info(self._scaling.policy).title(policy)
            said.append(
                f"{title} does not scale down with its keys: from a part of them its hit rate "
                "may be far off"
            )
        return said


class SharpeningPartModel(PartModel[S]):
    """The same over a model whose answers are rough at first."""

    _part: Sharpening[S]

    def preview(self, settings: S, load: LoadSettings) -> Prediction:
        """Return a first answer, and asked again a better one."""
        answer = self._asked(self._part.preview, settings, load)
        assert answer is not None  # noqa: S101  (a preview is never none)
        return self._told(answer, settings, load, self._error(settings, load))

    def best_known(self, settings: S, load: LoadSettings) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""
        answer = self._asked(self._part.best_known, settings, load)
        if answer is None:
            return None
        error = self._errors.get((settings, load))
        return self._told(answer, settings, load, UNKNOWN if error is None else error)

    def has_rough_answer(self, settings: S) -> bool:
        """Say whether a sample of the part answers settings."""
        return self._part.has_rough_answer(settings)

    def settle(self, settings: S, load: LoadSettings, cancelled: Cancelled) -> None:
        """Let the part answer from all that it holds."""
        smaller = load_for_part(load, self._load_share)
        for _, there in self._scaling.places(settings, self._share, self._costs):
            self._part.settle(there, smaller, cancelled)


def _between(answers: Sequence[tuple[float, Mapping[str, float]]]) -> Metrics:
    first = answers[0][1]
    return {
        name: sum(weight * metrics.get(name, first[name]) for weight, metrics in answers)
        for name in first
    }
