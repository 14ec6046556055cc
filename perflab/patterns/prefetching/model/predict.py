"""The prefetcher's what-if: workers that fetch ahead of a consumer, batch by batch."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.prediction import Costs, Metrics, Prediction
from perflab.patterns.prefetching.model.metrics import (
    levels,
    limit_in_words,
    next_steps,
    prefetch_metrics,
)
from perflab.patterns.prefetching.model.times import (
    consume_seconds,
    draw_consumes,
    draw_fetches,
    fetch_seconds,
    slowdown,
    wait_seconds,
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


class PrefetchingModel:
    """Predictions for so many items; keeps what it has computed.

    `kernels.prefetch` sends batch after batch through workers, buffer and consumer. Fetch times
    are a fixed part and a part an item, spread as measured, slower the more workers are at work;
    the consumer's times are sums of single ones. All are drawn with a fixed seed. Where costs
    carry a run's own ``fetch_seconds``, ``fetch_items`` and ``consume_seconds``, these are taken.

    Beyond two million batches, or the first `batches`, the rest is taken to go on as it did.

    Args:
        items: The workload.
        batches: Answer from so many of the first batches; None for all.
    """

    def __init__(self, items: Items, batches: int | None = None) -> None:
        self._items = items
        self._most = batches or MOST_BATCHES
        self._lock = threading.Lock()
        self._costs: Costs | None = None
        self._answers: KeptAnswers[tuple[Any, ...], Prediction] = KeptAnswers()
        self._stream: tuple[tuple[Any, ...], _Drawn] | None = None
        self._quick: PrefetchingModel | None = None

    def predict(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting, over all items or a slice of them.

        The error is half the band around the stall fraction: what fetches 5 % off would do.
        """
        if "fetch_items" in costs:
            return Prediction(self._of_run(settings, load, costs, requests))
        self._know(costs)
        if requests is not None:
            return Prediction(self._of_slice(settings, load, costs, requests))
        return self._answers.answer(
            _key(settings, load), lambda: self._whole(settings, load, costs)
        )

    def preview(
        self, settings: PrefetchingSettings, load: LoadSettings, costs: Costs
    ) -> Prediction:
        """Return a first picture from the first 20,000 batches, or the answer if it is known."""
        many = len(self._items) > QUICK_BATCHES * _batch(settings)
        if self.ready(settings, load) or not many or self._most == QUICK_BATCHES:
            return self.predict(settings, load, costs)
        if self._quick is None:
            self._quick = PrefetchingModel(self._items, QUICK_BATCHES)
        return self._quick.predict(settings, load, costs)

    def ready(self, settings: PrefetchingSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all items, at the costs last asked with, is known."""
        return _key(settings, load) in self._answers

    def prepare(self) -> None:
        """Compute nothing: there is no work that all answers share."""

    def levels(
        self, settings: PrefetchingSettings, load: LoadSettings, costs: Costs, points: int = 200
    ) -> tuple[Floats, Floats]:
        """Return the buffer's level over time: seconds and items, both of shape ``(points,)``."""
        drawn = self._simulate(settings, load, costs, len(self._items))
        times = np.linspace(0.0, float(drawn.run.ended[-1]), points)
        return times, levels(drawn.run, drawn.sizes, times)

    def _know(self, costs: Costs) -> None:
        """Forget the answers of other costs."""
        with self._lock:
            if self._costs is not costs and self._costs != costs:
                self._answers = KeptAnswers()
                self._stream = None
            self._costs = costs

    def _whole(self, settings: PrefetchingSettings, load: LoadSettings, costs: Costs) -> Prediction:
        count = len(self._items)
        drawn = self._simulate(settings, load, costs, count)
        metrics = _metrics(settings, costs, drawn)
        metrics["requests"] = float(count)
        share = min(1.0, float(drawn.sizes.sum()) / count)
        if "stall_fraction" not in metrics:
            return Prediction(metrics, sampled=share)
        stalled = metrics["stall_fraction"]
        error = 0.0
        for factor in (1 - _OFF, 1 + _OFF):
            other = self._simulate(settings, load, costs, count, factor)
            off = _metrics(settings, costs, other)["stall_fraction"]
            error = max(error, abs(off - stalled))
        remarks = self._remarks(settings, load, costs, metrics)
        return Prediction(metrics, sampled=share, error=error, remarks=remarks)

    def _remarks(
        self, settings: PrefetchingSettings, load: LoadSettings, costs: Costs, now: Metrics
    ) -> tuple[str, ...]:
        batch = _batch(settings)
        slots = max(1, _room(settings, costs) // batch)
        active = min(settings.workers, slots)
        source = active * batch / now["fetch_seconds_mean"]
        consumer = 1.0 / (consume_seconds(costs, settings) + costs.get("overhead_seconds", 0.0))
        if load.request_rate is not None:
            consumer = min(consumer, load.request_rate)
        said = [limit_in_words(source, consumer, now["stall_fraction"])]
        more_workers = settings.model_copy(update={"workers": settings.workers + 1})
        more_room = settings.model_copy(update={"buffer_size": settings.buffer_size + batch})
        worker, slot = (
            _metrics(other, costs, self._simulate(other, load, costs, len(self._items)))
            for other in (more_workers, more_room)
        )
        said.append(next_steps(now, worker, slot))
        if slots < settings.workers:
            room = "1 fetch" if slots == 1 else f"{slots} fetches"
            said.append(f"the buffer has room for {room}, so no more workers can be busy")
        return tuple(said)

    def _of_slice(
        self, settings: PrefetchingSettings, load: LoadSettings, costs: Costs, requests: slice
    ) -> Metrics:
        """Answer for items of a live run; later ones are as those that came before them."""
        batch = _batch(settings)
        first = (requests.start or 0) // batch
        last = -(-(len(self._items) if requests.stop is None else requests.stop) // batch)
        most = min(self._most, QUICK_BATCHES)
        if last > most:
            first, last = max(0, most - (last - first)), most
        wanted = min(most, 1 << max(6, (last - 1).bit_length()))
        key = (wanted, *_key(settings, load))
        if self._stream is None or self._stream[0] != key:
            self._stream = key, self._simulate(settings, load, costs, wanted * batch)
        metrics = _metrics(settings, costs, self._stream[1], slice(first, max(last, first + 1)))
        if metrics and requests.stop is not None:
            metrics["requests"] = float(requests.stop - (requests.start or 0))
        return metrics

    def _of_run(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None,
    ) -> Metrics:
        """Answer from what a run itself measured, as if it had begun with the slice."""
        first = 0 if requests is None else requests.start or 0
        works = np.asarray(costs["consume_seconds"], np.float64)[first:]
        sizes = np.asarray(costs["fetch_items"], np.int64)
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
        consumes = consumes + sizes * costs.get("overhead_seconds", 0.0)
        fetches = np.asarray(costs["fetch_seconds"], np.float64)[begin : begin + count]
        run = kernels.prefetch(
            sizes,
            fetches,
            consumes,
            settings.workers,
            _room(settings, costs),
            handover_seconds=costs.get("handover_seconds", 0.0),
            item_seconds=0.0 if load.request_rate is None else 1.0 / load.request_rate,
        )
        return _metrics(settings, costs, _Drawn(run, sizes, consumes))

    def _simulate(
        self,
        settings: PrefetchingSettings,
        load: LoadSettings,
        costs: Costs,
        count: int,
        factor: float = 1.0,
    ) -> _Drawn:
        """Send the first items through; fetches are `factor` times as long."""
        batch = _batch(settings)
        batches = min(self._most, -(-count // batch))
        sizes = np.full(batches, batch, np.int64)
        if batches * batch > count:
            sizes[-1] = count - (batches - 1) * batch
        own, wait = fetch_seconds(costs, batch), wait_seconds(costs, load)
        fetches = draw_fetches(costs, batches, load.seed) * (own * factor)
        fetches[-1] *= fetch_seconds(costs, int(sizes[-1])) / own
        consumes = draw_consumes(costs, settings, sizes, load.seed)
        consumes += sizes * costs.get("overhead_seconds", 0.0)
        run = kernels.prefetch(
            sizes,
            fetches,
            consumes,
            settings.workers,
            _room(settings, costs),
            slowdown(costs, settings.workers, own, wait),
            wait * factor,
            costs.get("handover_seconds", 0.0),
            0.0 if load.request_rate is None else 1.0 / load.request_rate,
        )
        return _Drawn(run, sizes, consumes)


def _metrics(
    settings: PrefetchingSettings, costs: Costs, drawn: _Drawn, part: slice | None = None
) -> Metrics:
    size = costs.get("item_bytes", 0.0)
    found = prefetch_metrics(
        drawn.run, drawn.sizes, drawn.consumes, settings.workers, size, part or slice(None)
    )
    # What lies between two items is no work on one of them.
    between = costs.get("overhead_seconds", 0.0)
    for name in ("consume_seconds_mean", "latency_seconds_mean"):
        if name in found:
            found[name] = max(0.0, found[name] - between)
    return found


def _batch(settings: PrefetchingSettings) -> int:
    return min(settings.batch_size, settings.buffer_size)


def _room(settings: PrefetchingSettings, costs: Costs) -> int:
    """Return how many items may be ahead, by number and by bytes."""
    size = costs.get("item_bytes", 0.0)
    if settings.max_bytes is None or size <= 0:
        return settings.buffer_size
    return max(1, min(settings.buffer_size, int(settings.max_bytes / size)))


def _key(settings: PrefetchingSettings, load: LoadSettings) -> tuple[Any, ...]:
    return (
        settings.buffer_size,
        settings.batch_size,
        settings.workers,
        settings.max_bytes,
        settings.consume_seconds,
        load.backend_seconds,
        load.request_rate,
        load.seed,
    )
