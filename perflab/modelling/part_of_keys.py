"""What-if for all keys of a workload from a part of them, such as a recording of a sample."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from perflab.callbacks import Cancelled
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.part_error import UNKNOWN, KeyGroups
from perflab.modelling.part_metrics import grown, moved
from perflab.modelling.part_settings import Scaling, load_for_part
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.modelling.scaling import off_by_scaling, scales_down
from perflab.settings import LoadSettings
from perflab.units import percent
from perflab.workloads.kinds.trace import Trace

M = TypeVar("M")
Ask = Callable[[Any, LoadSettings], Prediction | None]


def for_all_keys(
    trace: Trace,
    make: Callable[[Trace], M],
    scaling: Scaling,
    make_group: Callable[[Trace], Any] | None = None,
) -> M | PartModel:
    """Return a model of the whole workload that a trace is, or is a part of.

    Args:
        trace: With the share of the keys that it holds.
        make: Returns the model of requests without regard to a share.
        scaling: How the settings follow the number of keys.
        make_group: The same for a group of the keys; `make` where not given.
    """
    if trace.sample_rate >= 1:
        return make(trace)
    alone = dataclasses.replace(trace, sample_rate=1.0, all_requests=None, check=False)
    part, groups = make(alone), KeyGroups(alone, make_group or make)
    if hasattr(part, "preview"):
        return SharpeningPartModel(trace, part, groups, scaling)
    return PartModel(trace, part, groups, scaling)


class PartModel:
    """Predictions for all keys, though only a part of them is at hand.

    A cache of the part's share of the entries and bytes sees the part's requests: miniature
    simulation, as in `SampledCacheModel`, and its counts, memory and pace are those of the whole
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
    """

    def __init__(self, trace: Trace, part: Any, groups: KeyGroups, scaling: Scaling) -> None:
        self.trace = trace
        self._share = trace.sample_rate
        # Its share of the requests, which is what rates follow.
        self._load_share = trace.sample_rate * trace.density
        expected = trace.all_requests
        self._expected = None if expected is None else expected * trace.sample_rate
        self._part = part
        self._groups = groups
        self._scaling = scaling
        self._errors: KeptAnswers[Hashable, float] = KeptAnswers()
        self._costs: Costs = {}

    def prepare(self) -> None:
        """Compute what most answers lean on, for the part and for its groups."""
        self._part.prepare()
        for group in self._groups.models:
            group.prepare()

    def ready(self, settings: Any, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        if (settings, load) not in self._errors:
            return False
        smaller = load_for_part(load, self._load_share)
        places = self._scaling.places(settings, self._share, self._costs)
        return all(self._part.ready(there, smaller) for _, there in places)

    def predict(
        self, settings: Any, load: LoadSettings, costs: Costs, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction for all keys, or that of a slice of the part's own requests.

        Raises:
            BadInputError: If the part's model has no answer.
        """
        if requests is not None:
            there = self._scaling.shrink(settings, self._share, costs)
            smaller = load_for_part(load, self._load_share)
            found: Prediction = self._part.predict(there, smaller, costs, requests)
            return found
        answer = self._asked(self._predicted(costs), settings, load, costs)
        assert answer is not None  # noqa: S101  (a prediction is never none)
        return self._told(answer, settings, load, costs, self._error(settings, load, costs))

    def _predicted(self, costs: Costs) -> Ask:
        return lambda there, smaller: self._part.predict(there, smaller, costs)

    def _asked(
        self, ask: Ask, settings: Any, load: LoadSettings, costs: Costs
    ) -> Prediction | None:
        """Return what the part says of its share of the settings; none where it does not yet."""
        self._costs = costs
        smaller = load_for_part(load, self._load_share)
        places = self._scaling.places(settings, self._share, costs)
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

    def _error(self, settings: Any, load: LoadSettings, costs: Costs) -> float:
        """Return how far the part is off for being a part; kept."""

        def answer(model: Any, share: float) -> tuple[float, float]:
            smaller = load_for_part(load, share * self.trace.density)
            places = self._scaling.places(settings, share, costs)
            told = [(w, model.predict(there, smaller, costs).metrics) for w, there in places]
            metrics = _between(told)
            return metrics["hits"], metrics["requests"]

        return self._errors.answer(
            (settings, load), lambda: self._groups.error(answer, self._share, self._expected)
        )

    def _told(
        self, answer: Prediction, settings: Any, load: LoadSettings, costs: Costs, error: float
    ) -> Prediction:
        policy = getattr(settings, self._scaling.policy)
        entries, ages = answer.metrics.get("entries", 1.0), settings.ttl_seconds is not None
        off = off_by_scaling(policy, entries, ages=ages)
        band = min(1.0, math.hypot(answer.error * self.trace.density, error, off))
        metrics = grown(answer.metrics, load, costs, self.trace)
        return dataclasses.replace(
            answer,
            metrics=metrics,
            sampled=answer.sampled * self._share,
            error=band,
            remarks=(*answer.remarks, *self._remarks(settings, costs)),
            low=moved(metrics, costs, -band),
            high=moved(metrics, costs, band),
        )

    def _remarks(self, settings: Any, costs: Costs) -> Sequence[str]:
        text = f"estimated for the full key set from a {percent(self._share)} sample"
        said = [f"{text}; settings, counts and memory refer to the full set"]
        there = self._scaling.shrink(settings, self._share, costs)
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
            caveat = self._scaling.caveat(there, costs)
            said += [] if caveat is None else [caveat]
        policy = getattr(settings, self._scaling.policy)
        if not scales_down(policy):
            said.append(
                f"{policy} does not scale down with its keys: from a part of them its hit rate "
                "may be far off"
            )
        return said


class SharpeningPartModel(PartModel):
    """The same over a model whose answers are rough at first."""

    def preview(self, settings: Any, load: LoadSettings, costs: Costs) -> Prediction:
        """Return a first answer, and asked again a better one."""

        def ask(there: Any, smaller: LoadSettings) -> Prediction | None:
            found: Prediction = self._part.preview(there, smaller, costs)
            return found

        answer = self._asked(ask, settings, load, costs)
        assert answer is not None  # noqa: S101  (a preview is never none)
        return self._told(answer, settings, load, costs, self._error(settings, load, costs))

    def known(self, settings: Any, load: LoadSettings, costs: Costs) -> Prediction | None:
        """Return the sharpest answer that there is by now, without computing one."""

        def ask(there: Any, smaller: LoadSettings) -> Prediction | None:
            found: Prediction | None = self._part.known(there, smaller, costs)
            return found

        answer = self._asked(ask, settings, load, costs)
        if answer is None:
            return None
        error = self._errors.get((settings, load))
        return self._told(answer, settings, load, costs, UNKNOWN if error is None else error)

    def roughly(self, settings: Any) -> bool:
        """Say whether a sample of the part answers settings."""
        return bool(self._part.roughly(settings))

    def settle(self, settings: Any, load: LoadSettings, cancelled: Cancelled) -> None:
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
