"""The prefetcher's what-if: workers that fetch ahead of a consumer, batch by batch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.prefetching.model.costs import PrefetchingCosts, RunTimes
from perflab.patterns.prefetching.model.metrics import (
    levels,
    limit_in_words,
    next_steps,
    prefetch_metrics,
)
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.patterns.prefetching.items import Items

Floats = npt.NDArray[np.float64]
QUICK_BATCHES = 20_000
MOST_BATCHES = 2_000_000
_OFF = 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class _Drawn:
    """One simulated run and what went into it."""

    run: kernels.Prefetch
    sizes: npt.NDArray[np.int64]
    consumes: Floats


_Key = tuple[PrefetchingCosts, *tuple[float | None, ...]]
"""Costs, how many batches are simulated, and what of the settings matters."""
_MOST_STREAMS = 4


class _Kept:
    """What models of the same items have computed, at all costs.

    Of streams there are few: those of the run that goes on, at the costs of the calibration and
    at its own.
    """

    def __init__(self) -> None:
        self.answers: KeptAnswers[_Key, Prediction] = KeptAnswers()
        self.streams: KeptAnswers[_Key, _Drawn] = KeptAnswers(_MOST_STREAMS)


class PrefetchingModel:
    """Predictions for so many items; keeps what it has computed.

    `kernels.prefetch` sends batch after batch through workers, buffer and consumer. Fetch times
    are a fixed part and a part an item, spread as measured, slower the more workers are at work;
    the consumer's times are sums of single ones. All are drawn with a fixed seed. Where costs
    carry a run's own ``fetch_seconds``, ``fetch_items`` and ``consume_seconds``, these are taken.

    Beyond two million batches, or the first `batches`, the rest is taken to go on as it did.

    Args:
        items: The workload.
        costs: What fetches and the consumer's work take.
        kept: What other models of these items have computed.
        batches: Answer from so many of the first batches.
    """

    def __init__(
        self, items: Items, costs: PrefetchingCosts, kept: _Kept, batches: int = MOST_BATCHES
    ) -> None:
        self._items, self._costs, self._kept = items, costs, kept
        self._most = batches

    @classmethod
    def of(cls, items: Items, costs: Costs) -> Self:
        """Return the model of items at the costs of a calibration."""
        return cls(items, PrefetchingCosts.of(costs), _Kept())

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same items at other costs."""
        return type(self)(self._items, PrefetchingCosts.of(costs), self._kept, self._most)

    def predict(
        self, settings: PrefetchingSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all items or a slice of them.

        The error is half the band around the stall fraction: what fetches 5 % off would do.
        """
        if self._costs.run is not None:
            return Prediction(self._of_run(settings, load, self._costs.run, requests))
        if requests is not None:
            return Prediction(self._of_slice(settings, load, requests))
        return self._kept.answers.answer(
            self._key(settings, load, self._most), lambda: self._whole(settings, load)
        )

    def preview(self, settings: PrefetchingSettings, load: LoadSettings) -> Prediction:
        """Return a first picture from the first 20,000 batches, or the answer if it is known."""
        many = len(self._items) > QUICK_BATCHES * _batch(settings)
        if self.ready(settings, load) or not many or self._most == QUICK_BATCHES:
            return self.predict(settings, load)
        quick = type(self)(self._items, self._costs, self._kept, QUICK_BATCHES)
        return quick.predict(settings, load)

    def ready(self, settings: PrefetchingSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all items is known."""
        return self._key(settings, load, self._most) in self._kept.answers

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def levels(
        self, settings: PrefetchingSettings, load: LoadSettings, points: int = 200
    ) -> tuple[Floats, Floats]:
        """Return the buffer's level over time: seconds and items, both of shape ``(points,)``."""
        drawn = self._simulate(settings, load, len(self._items))
        times = np.linspace(0.0, float(drawn.run.ended[-1]), points)
        return times, levels(drawn.run, drawn.sizes, times)

    def _whole(self, settings: PrefetchingSettings, load: LoadSettings) -> Prediction:
        count = len(self._items)
        drawn = self._simulate(settings, load, count)
        metrics = self._metrics(settings, drawn)
        metrics["requests"] = float(count)
        share = min(1.0, float(drawn.sizes.sum()) / count)
        if "stall_fraction" not in metrics:
            return Prediction(metrics, sampled=share)
        stalled = metrics["stall_fraction"]
        error = 0.0
        for factor in (1 - _OFF, 1 + _OFF):
            other = self._simulate(settings, load, count, factor)
            off = self._metrics(settings, other)["stall_fraction"]
            error = max(error, abs(off - stalled))
        remarks = self._remarks(settings, load, metrics)
        return Prediction(metrics, sampled=share, error=error, remarks=remarks)

    def _remarks(
        self, settings: PrefetchingSettings, load: LoadSettings, now: Metrics
    ) -> tuple[str, ...]:
        batch = _batch(settings)
        slots = max(1, self._costs.room(settings) // batch)
        active = min(settings.workers, slots)
        source = active * batch / now["fetch_seconds_mean"]
        costs = self._costs
        consumer = 1.0 / (costs.consume_seconds(settings) + costs.between_seconds)
        if load.request_rate is not None:
            consumer = min(consumer, load.request_rate)
        said = [limit_in_words(source, consumer, now["stall_fraction"])]
        more_workers = settings.model_copy(update={"workers": settings.workers + 1})
        more_room = settings.model_copy(update={"buffer_size": settings.buffer_size + batch})
        worker, slot = (
            self._metrics(other, self._simulate(other, load, len(self._items)))
            for other in (more_workers, more_room)
        )
        said.append(next_steps(now, worker, slot))
        if slots < settings.workers:
            room = "1 fetch" if slots == 1 else f"{slots} fetches"
            said.append(f"the buffer has room for {room}, so no more workers can be busy")
        return tuple(said)

    def _of_slice(
        self, settings: PrefetchingSettings, load: LoadSettings, requests: slice
    ) -> Metrics:
        """Answer for items of a live run; later ones are as those that came before them."""
        batch = _batch(settings)
        first = (requests.start or 0) // batch
        last = -(-(len(self._items) if requests.stop is None else requests.stop) // batch)
        most, asked = min(self._most, QUICK_BATCHES), last - first
        if last > most:
            first, last = max(0, most - (last - first)), most
        wanted = min(most, 1 << max(6, (last - 1).bit_length()))
        stream = self._kept.streams.answer(
            self._key(settings, load, wanted),
            lambda: self._simulate(settings, load, wanted * batch),
        )
        metrics = self._metrics(settings, stream, slice(first, max(last, first + 1)))
        if metrics and requests.stop is not None:
            metrics["requests"] = float(requests.stop - (requests.start or 0))
            metrics["batches"] = float(asked)
        return _without_first(metrics, requests)

    def _of_run(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        own: RunTimes,
        requests: slice | None,
    ) -> Metrics:
        """Answer from what a run itself measured, as if it had begun with the slice."""
        first = 0 if requests is None else requests.start or 0
        works, sizes = own.consume_seconds[first:], own.fetch_items
        edges = np.cumsum(sizes)
        begin = int(np.searchsorted(edges, first, side="right"))
        sizes = sizes[begin:]
        ends = np.minimum(np.cumsum(sizes), len(works))
        count = int(np.searchsorted(ends, len(works), side="left")) + 1
        if len(works) == 0 or len(sizes) == 0:
            return {}
        sizes, ends = sizes[:count], ends[:count]
        sums = np.concatenate([[0.0], np.cumsum(works)])
        consumes = np.diff(sums[np.concatenate([[0], ends])])
        consumes = consumes + sizes * self._costs.between_seconds
        fetches = own.fetch_seconds[begin : begin + count]
        run = kernels.prefetch(
            sizes,
            fetches,
            consumes,
            settings.workers,
            self._costs.room(settings),
            handover_seconds=self._costs.handover_seconds,
            item_seconds=0.0 if load.request_rate is None else 1.0 / load.request_rate,
        )
        found = self._metrics(settings, _Drawn(run, sizes, consumes))
        return _without_first(found, requests)

    def _simulate(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        count: int,
        factor: float = 1.0,
    ) -> _Drawn:
        """Send the first items through; fetches are `factor` times as long."""
        batch = _batch(settings)
        batches = min(self._most, -(-count // batch))
        sizes = np.full(batches, batch, np.int64)
        if batches * batch > count:
            sizes[-1] = count - (batches - 1) * batch
        costs = self._costs
        own, wait = costs.fetch_seconds(batch), costs.wait_seconds(load)
        fetches = costs.draw_fetches(batches, load.seed) * (own * factor)
        fetches[-1] *= costs.fetch_seconds(int(sizes[-1])) / own
        consumes = costs.draw_consumes(settings, sizes, load.seed)
        consumes += sizes * self._costs.between_seconds
        run = kernels.prefetch(
            sizes,
            fetches,
            consumes,
            settings.workers,
            self._costs.room(settings),
            costs.slowdown(settings.workers, own, wait),
            wait * factor,
            self._costs.handover_seconds,
            0.0 if load.request_rate is None else 1.0 / load.request_rate,
        )
        return _Drawn(run, sizes, consumes)

    def _metrics(
        self, settings: PrefetchingSettings, drawn: _Drawn, part: slice | None = None
    ) -> Metrics:
        costs = self._costs
        found = prefetch_metrics(
            drawn.run,
            drawn.sizes,
            drawn.consumes,
            settings.workers,
            costs.item_bytes,
            part or slice(None),
        )
        # What lies between two items is no work on one of them; to take one is part of a request.
        beside = {
            "consume_seconds_mean": costs.between_seconds,
            "latency_seconds_mean": costs.overhead_seconds,
        }
        for name, seconds in beside.items():
            if name in found:
                found[name] = max(0.0, found[name] - seconds)
        return found

    def _key(self, settings: PrefetchingSettings, load: LoadSettings, batches: int) -> _Key:
        return (
            self._costs,
            batches,
            settings.buffer_size,
            settings.batch_size,
            settings.workers,
            settings.max_bytes,
            settings.consume_seconds,
            load.backend_seconds,
            load.request_rate,
            load.seed,
        )


def _without_first(metrics: Metrics, requests: slice | None) -> Metrics:
    """Return metrics of later items without the first one's, which came under other settings."""
    if requests is not None and requests.start:
        metrics.pop("first_item_seconds", None)
    return metrics


def _batch(settings: PrefetchingSettings) -> int:
    return min(settings.batch_size, settings.buffer_size)
