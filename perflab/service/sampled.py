"""`SampledService`: what a service does, estimated from samples of its workload's keys."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.student import t_95
from perflab.operations import Operation
from perflab.service.connections import connections_of
from perflab.service.flow import Flow, Flows
from perflab.service.key_draws import DRAWS, KeyDraw, KeyDraws
from perflab.service.load import Load, crowded_parts, stretches_of, whole_load
from perflab.service.metrics import LATENCIES, is_query, money, queries_of
from perflab.service.prediction import DATABASE
from perflab.service.weighted import WeightedTimes, pool_metrics
from perflab.units import percent
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    from perflab.bench.stage import SizedStage
    from perflab.modelling.prediction import Costs, Metrics
    from perflab.service.incoming import Incoming
    from perflab.service.layout import ServiceLayout, ServiceStage

Floats = npt.NDArray[np.float64]
_PARTS = 64
"""The load on the pools follows the samples' misses in so many parts of the workload, which are
short at its beginning, when caches are cold."""
_CLASSES = 64
"""Keys are told apart by so many classes of popularity at most."""
_FEWEST_LOAD, _LOAD_TIMES = 200_000, 4.0
"""The load on the pools is drawn from so many requests at least, and from so many times the share
of the keys."""
_ROUNDS, _MOST_LOADS = 8, 16
_SMALL = 0.02
"""What samples may be off together, times the root of the fewest entries that a cache has there."""


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """What is estimated of a service.

    Attributes:
        stages: By stage in order, its metrics; the database is the last where there is a pool.
        metrics: Of the service as a whole.
        share: The share of the keys that all samples have together.
        error: Half the width of the 95 % band around the hit rate.
    """

    stages: Mapping[str, Metrics]
    metrics: Metrics
    share: float
    error: float


class SampledService:
    """Estimates services on the same requests from samples of their keys.

    The caches of each sample have its share of the size. What the pools get is drawn from all
    requests, so that they have the whole load: each by the chance that the samples' requests of
    keys as popular have to miss, as many in each part of the workload as there.

    Args:
        incoming: All requests.
        costs: By the name of each stage's bench, what its model is told.
        share: Of the keys, in all samples together.
        load: About how many requests the load on the pools is drawn from; it grows with the share
            where not given.

    Raises:
        BadInputError: If the share is not between 0 and 1, or the workload has no keys.
    """

    def __init__(
        self,
        incoming: Incoming,
        costs: Mapping[str, Costs],
        share: float,
        load: int | None = None,
    ) -> None:
        if not 0 < share <= 1:
            text = "a sample is a share of the keys, above 0 and at most 1"
            raise BadInputError(text, "sample")
        if not isinstance(incoming.workload, Trace):
            raise BadInputError("needs a workload with keys", "sample")
        self.incoming = incoming
        self.costs = costs
        self._ids, self._keys = incoming.workload.ids, incoming.workload.n_keys
        self._draws = KeyDraws(incoming, self._ids, self._keys, share)
        self._flows = [Flows(draw.incoming, costs) for draw in self._draws.draws]
        self._classes = _classes(self._draws.block_of)
        sizes, count = incoming.requests.sizes, len(incoming.requests)
        self._value_bytes = 0.0 if sizes is None else float(sizes.mean())
        edges = (count * (np.arange(_PARTS + 1) / _PARTS) ** 3).astype(np.int64)
        self._whole = whole_load(incoming, self._ids, edges)
        self._most_load = load or max(_FEWEST_LOAD, round(_LOAD_TIMES * share * count))
        self._loads: KeptAnswers[bytes, Load] = KeptAnswers(_MOST_LOADS)

    def estimate(self, service: ServiceLayout) -> Estimate:
        """Return what a service is estimated to do.

        Raises:
            BadInputError: If a stage cannot be sampled, or not with so few keys.
        """
        if any(stage.place in (Place.FRONT, Place.CALL) for stage in service.stages):
            raise BadInputError("a service with async_io is predicted from all requests", "sample")
        caches = [stage for stage in service.stages if stage.place is not Place.POOL]
        if not caches:
            raise BadInputError("needs a cache: a pool is predicted from all requests", "sample")
        small, costs = self._shrunk(service, caches)
        pairs = [(draw, flows.through(small, costs)) for draw, flows in self._pairs()]
        found: dict[str, Metrics] = {}
        for place, stage in enumerate(caches):
            found[stage.bench] = self._cache_metrics(service, stage, pairs, place)
        times = WeightedTimes()
        rates = [_hit_rate(draw, flow) for draw, flow in pairs]
        spread = float(np.std(rates, ddof=1)) if len(rates) > 1 else 0.0
        error = t_95(DRAWS) * spread / math.sqrt(DRAWS) + _SMALL / math.sqrt(_fewest(pairs))
        whole: Metrics = {"hit_rate": float(np.mean(rates))}
        errors = 0.0
        if service.pool is None:
            for draw, flow in pairs:
                reads = _reads(flow)
                times.add(flow.latencies[reads], draw.weights[reads] / DRAWS)
            behind = found[caches[-1].bench]["passed_per_second"] * _queried(pairs)
        else:
            pooled = self._pool_metrics(service, pairs, times)
            found |= pooled
            errors = pooled[service.pool.bench]["errors"]
            behind = pooled[DATABASE]["requests_per_second"]
        count, seconds = len(self.incoming.requests), self.incoming.seconds
        whole |= {
            "requests": float(count),
            "requests_per_second": count / seconds,
            "latency_seconds_mean": times.mean,
        }
        names = tuple(LATENCIES)
        for name, value in zip(names, times.quantiles(tuple(LATENCIES.values())), strict=True):
            whole[f"latency_seconds_{name}"] = value
        whole |= {"errors": errors, "error_share": errors / count, "database_per_second": behind}
        whole["memory_bytes"] = sum(each.get("memory_bytes", 0.0) for each in found.values())
        most = connections_of(service).most
        whole |= {"most_connections": float(most)} if most else {}
        whole |= money(whole, service.settings)
        total = times.mean * self._read_count()
        for metrics in found.values():
            spent = metrics.pop("spent_seconds")
            metrics["latency_share"] = spent / total if total > 0 else 0.0
        return Estimate(found, whole, min(1.0, self._draws.share * DRAWS), error)

    def _pairs(self) -> list[tuple[KeyDraw, Flows]]:
        return list(zip(self._draws.draws, self._flows, strict=True))

    def _shrunk(
        self, service: ServiceLayout, caches: list[ServiceStage]
    ) -> tuple[ServiceLayout, Mapping[str, Costs]]:
        """Return a service of caches of a sample's share of the size, and their costs.

        Raises:
            BadInputError: If one has too little size for that.
        """
        small, share, costs = [], self._draws.share, dict(self.costs)
        for stage in caches:
            of = cast("SizedStage[Any]", load_bench(stage.bench).stage)
            told = (share, self._keys, self._value_bytes, self.costs[stage.bench])
            there = of.at_share(stage.settings, *told)
            if there is None:
                text = (
                    f"{percent(share * DRAWS)} of the keys are too few for the size of "
                    f"{stage.bench}; take more, or all"
                )
                raise BadInputError(text, "sample")
            small.append(dataclasses.replace(stage, settings=there[0]))
            costs[stage.bench] = there[1]
        return dataclasses.replace(service, stages=tuple(small)), costs

    def _cache_metrics(
        self,
        service: ServiceLayout,
        stage: ServiceStage,
        pairs: list[tuple[KeyDraw, Flow]],
        place: int,
    ) -> Metrics:
        """Return the metrics of a cache: sums over the samples, each for its part of the whole."""
        came = read = missed = passed = waited = 0.0
        waits = WeightedTimes()
        for draw, flow in pairs:
            here = flow.stages[place]
            weights = draw.weights / DRAWS
            reads = _reads(flow)
            came += float(weights[here.came].sum())
            passed += float(weights[here.goes_on].sum())
            read += float((weights * reads)[here.came].sum())
            missed += float((weights * reads)[here.goes_on].sum())
            waits.add(here.passed.waits, weights[here.came])
            waited += float((here.passed.waits * weights[here.came]).sum())
        seconds = self.incoming.seconds
        found = {
            "requests": came,
            "requests_per_second": came / seconds,
            "passed_per_second": passed / seconds,
            "hits": read - missed,
            "misses": missed,
            "hit_rate": (read - missed) / max(read, 1e-9),
            "wait_seconds_mean": waits.mean,
            "spent_seconds": waited,
        }
        places = waits.quantiles((0.95, 0.99))
        found |= {f"wait_seconds_p{n}": value for n, value in zip((95, 99), places, strict=True)}
        held = [sum(flow.stages[place].memory_bytes) for _, flow in pairs]
        return found | self._memory(service, stage, float(np.mean(held)))

    def _memory(self, service: ServiceLayout, stage: ServiceStage, held: float) -> Metrics:
        """Return what a cache takes at the end: what those of a sample hold, times its share.

        Args:
            service: With the number of workers.
            stage: The cache.
            held: What those of a sample take, of all workers together.
        """
        of = cast("SizedStage[Any]", load_bench(stage.bench).stage)
        costs = self.costs[stage.bench]
        count = service.settings.processes if stage.place is Place.PROCESS else 1
        empty, full = (
            count * of.bytes_at(stage.settings, keys, self._value_bytes, costs)
            for keys in (0, self._keys)
        )
        taken = min(full, empty + max(held - empty, 0.0) / self._draws.share)
        found = {"memory_bytes": taken}
        if stage.place is Place.PROCESS:
            found["memory_bytes_per_process"] = taken / count
        return found

    def _pool_metrics(
        self, service: ServiceLayout, pairs: list[tuple[KeyDraw, Flow]], times: WeightedTimes
    ) -> dict[str, Metrics]:
        """Return the metrics of pool and database, and add the latencies of all reads.

        Args:
            service: With a pool.
            pairs: The samples on their way through the caches.
            times: Where latencies are added.
        """
        asked, gone = (np.zeros((_CLASSES, _PARTS)) for _ in range(2))
        before: list[Floats] = []
        for draw, flow in pairs:
            last = flow.stages[-1]
            on, own = last.goes_on, self._classes[self._ids[draw.places]]
            parts = self._whole.part_of(draw.places)
            cells = own.astype(np.int64) * _PARTS + parts
            weights = draw.weights * is_query(flow.incoming.requests)
            asked += _cells(cells, weights)
            gone += _cells(cells[on], weights[on])
            spent = flow.latencies.copy()
            if last.passed.loads is not None:
                spent[on] -= last.passed.loads
            before.append(spent[on])
            hit = _reads(flow)
            hit[on] = False
            times.add(flow.latencies[hit], draw.weights[hit] / DRAWS)
        chances = _filled(asked, gone)
        load, flow, parts = self._load_played(service, chances)
        weights = load.weights[parts]
        # What a request has waited for before it comes to a pool, in the order of the samples.
        ahead = np.resize(np.concatenate(before), len(parts)) if len(parts) else np.zeros(0)
        reads = _reads(flow)
        times.add((ahead + flow.latencies)[reads], weights[reads])
        return pool_metrics(flow, weights, self.incoming.seconds)

    def _load_played(
        self, service: ServiceLayout, chances: Floats
    ) -> tuple[Load, Flow, npt.NDArray[np.int64]]:
        """Return a load, its flow through the pools, and the part of each request.

        Of a part in which the pools do not keep up, a stretch tells too little: it is played as it
        is, with the one after it, in which what has built up is worked off.
        """
        entire = np.zeros(_PARTS, np.bool_)
        for _ in range(_ROUNDS):
            load = self._load_with(entire)
            flow, parts = self._queued(service, load, chances)
            most = connections_of(service).most
            crowded = crowded_parts(load, flow.stages[0].passed, parts, most)
            if not crowded.any():
                return load, flow, parts
            entire |= crowded
            entire[1:] |= crowded[:-1]
        return self._whole, *self._queued(service, self._whole, chances)

    def _load_with(self, entire: npt.NDArray[np.bool_]) -> Load:
        def make() -> Load:
            return stretches_of(self._whole, self._most_load, entire)

        return self._loads.answer(entire.tobytes(), make)

    def _queued(
        self, service: ServiceLayout, load: Load, chances: Floats
    ) -> tuple[Flow, npt.NDArray[np.int64]]:
        """Return the flow of what misses through the pools alone, and the part of each request."""
        pool = service.pool
        assert pool is not None  # noqa: S101  (asked for such services)
        places = kernels.thinned(load.ids, self._classes, load.edges, chances)
        requests = load.incoming.requests
        if requests.operations is not None:
            places = places[is_query(requests)[places]]
        missed = dataclasses.replace(
            load.incoming,
            requests=requests_at(requests, places),
            workers=load.incoming.workers[places],
        )
        alone = dataclasses.replace(service, stages=(pool,))
        return Flows(missed, self.costs).through(alone), load.part_of(places)

    def _read_count(self) -> int:
        operations = self.incoming.requests.operations
        if operations is None:
            return len(self.incoming.requests)
        return int(np.count_nonzero(operations == Operation.GET))


def _classes(block_of: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Return the class of each key: blocks of about the same rank, the first ones alone."""
    ranks = np.log2(block_of.astype(np.float64) + 1.0)
    steps = (_CLASSES - 1) / max(float(ranks.max(initial=0.0)), 1.0)
    return np.minimum((ranks * steps).round(), _CLASSES - 1).astype(np.uint8)


def _cells(cells: npt.NDArray[np.int64], weights: Floats) -> Floats:
    sums = np.bincount(cells, weights, minlength=_CLASSES * _PARTS)
    return sums.astype(np.float64).reshape(_CLASSES, _PARTS)


def _filled(asked: Floats, gone: Floats) -> Floats:
    """Return the chance of a request to miss, by class of keys and part.

    Where no sample has a request of a class, it is that of the next part which has one: at the
    beginning that is a cold cache.
    """
    sums = gone.sum(axis=1), asked.sum(axis=1)
    later = sums[0] / np.maximum(sums[1], 1e-9)
    chances = np.empty_like(asked)
    for part in range(_PARTS - 1, -1, -1):
        here = gone[:, part] / np.maximum(asked[:, part], 1e-9)
        later = np.where(asked[:, part] > 0, here, later)
        chances[:, part] = later
    return chances


def _reads(flow: Flow) -> npt.NDArray[np.bool_]:
    operations = flow.incoming.requests.operations
    if operations is None:
        return np.ones(len(flow.incoming.requests), np.bool_)
    reads: npt.NDArray[np.bool_] = operations == Operation.GET
    return reads


def _fewest(pairs: list[tuple[KeyDraw, Flow]]) -> int:
    """Return how many entries the smallest cache of all samples holds at most."""
    held = (int(here.passed.entries.max(initial=0)) for _, flow in pairs for here in flow.stages)
    return max(1, min(held, default=1))


def _queried(pairs: list[tuple[KeyDraw, Flow]]) -> float:
    """Return which share of what the last cache passes on is for the database."""
    passed = sum(len(flow.stages[-1].goes_on) for _, flow in pairs)
    return sum(queries_of(flow) for _, flow in pairs) / max(passed, 1)


def _hit_rate(draw: KeyDraw, flow: Flow) -> float:
    """Return the hit rate of all caches together, as one sample tells it."""
    reads = _reads(flow) * draw.weights
    return 1.0 - float(reads[flow.stages[-1].goes_on].sum()) / max(float(reads.sum()), 1e-9)
