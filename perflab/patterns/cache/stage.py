"""`CacheStage`: the cache of one process as a stage of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs
    from perflab.patterns.cache.settings import CacheSettings


class CacheStage:
    """Passes on the requests that the cache's model counts as misses.

    Each miss is on its own: it writes its entry at the time of its request, as the model has it,
    however long the load takes.

    Attributes:
        place: In each worker process.
    """

    place: ClassVar[Place] = Place.PROCESS

    def forward(self, requests: Requests, settings: CacheSettings, costs: Costs) -> Passed:
        """Return the misses, for each request what its lookup takes, and the memory.

        Args:
            requests: What comes to the cache; their times date a TTL, their sizes fill
                ``max_bytes``.
            settings: Of the cache.
            costs: As the cache's model takes them; before its load, a miss takes what a hit does.

        Raises:
            BadInputError: If times go backwards or a size is wrong, or a policy does not answer
                such settings.
        """
        from perflab.bench.passing import pass_misses, pass_nothing, trace_of
        from perflab.patterns.cache.model.counter import CacheCounter
        from perflab.patterns.cache.model.metrics import CacheCosts

        if not len(requests):
            return pass_nothing()
        outcomes = CacheCounter(trace_of(requests)).outcomes(settings, LoadSettings())
        told = CacheCosts.of(costs)
        held = float(outcomes.entries[-1]) * told.bytes_per_entry + outcomes.bytes
        return pass_misses(requests, outcomes, told, held + told.fixed_bytes(1))
