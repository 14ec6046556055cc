"""`Stage`: what a pattern passes on to the next in a chain, what it adds and what it holds."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Protocol

from perflab.bench.identity import S, S_contra
from perflab.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.modelling.prediction import Costs


class Place(enum.IntEnum):
    """Where a stage stands in a service; a later place never comes before an earlier one.

    Attributes:
        FRONT: The client before all workers: nothing comes before it.
        PROCESS: In each worker process, one of its own.
        SHARED: On a server, one for all workers.
        CALL: In each worker process, before a server that all of them call.
        POOL: In each worker process, before one database for all: nothing follows it.
    """

    FRONT = 0
    PROCESS = 1
    SHARED = 2
    CALL = 3
    POOL = 4


CACHES = (Place.PROCESS, Place.SHARED)
"""The places of what holds entries."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Requests:
    """Requests as they come to a stage, in the order in which they come.

    Attributes:
        times: Seconds, float64, never backwards.
        keys: The id of each request's key, int32 or int64.
        sizes: Bytes of each value, int64; none where they are not known.
        ttls: Seconds that each value lives, float64, NaN for the setting's; none for it alone.
        operations: What each does, uint8 of `Operation`; none where all are reads.

    Raises:
        BadInputError: If columns differ in length.
    """

    times: npt.NDArray[np.float64]
    keys: npt.NDArray[np.integer]
    sizes: npt.NDArray[np.int64] | None = None
    ttls: npt.NDArray[np.float64] | None = None
    operations: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        for name in ("keys", "sizes", "ttls", "operations"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.times):
                text = f"has {len(column)} values, but there are {len(self.times)} requests"
                raise BadInputError(text, name)

    def __len__(self) -> int:
        return len(self.times)


@dataclasses.dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Passed:
    """What became of the requests that came to a stage.

    Attributes:
        requests: Those that go on to the next stage: of a cache its misses and all writes,
            renewals and removals, of a pool all that got a connection or need none. Their times
            are those at which the stage passes them on.
        origins: For each of them, the index of the request that it stems from, int64.
        waits: For each request that came, the seconds that this stage itself adds to it, float64;
            what the next stage takes is not among them.
        entries: How many entries the stage holds after each request that came, int32 or int64; of
            a pool the connections in use.
        loads: For each request that goes on, the seconds that what is behind the stage takes by
            the pattern's calibration, float64: they count where no further stage follows. None
            where that is not known.
        memory_bytes: What the stage takes at the end.
        connections: Connections that are open at the end; 0 of what has none.

    Raises:
        BadInputError: If columns differ in length.
    """

    requests: Requests
    origins: npt.NDArray[np.int64]
    waits: npt.NDArray[np.float64]
    entries: npt.NDArray[np.integer]
    loads: npt.NDArray[np.float64] | None = None
    memory_bytes: float = 0.0
    connections: int = 0

    def __post_init__(self) -> None:
        if len(self.origins) != len(self.requests):
            text = f"has {len(self.origins)} values, but {len(self.requests)} requests go on"
            raise BadInputError(text, "origins")
        if len(self.entries) != len(self.waits):
            text = f"has {len(self.entries)} values, but waits has {len(self.waits)}"
            raise BadInputError(text, "entries")
        if self.loads is not None and len(self.loads) != len(self.requests):
            text = f"has {len(self.loads)} values, but {len(self.requests)} requests go on"
            raise BadInputError(text, "loads")


class Stage(Protocol[S_contra]):
    """A pattern as one stage of a service: requests come in, and some of them go on."""

    @property
    def place(self) -> Place:
        """Where in a service it stands."""

    def forward(self, requests: Requests, settings: S_contra, costs: Costs) -> Passed:
        """Return what the pattern passes on, the waits that it adds and the entries it holds.

        Args:
            requests: What comes to it.
            settings: The pattern's settings.
            costs: What a calibration measured, as the pattern's model takes it.

        Raises:
            BadInputError: If the settings cannot be answered for these requests.
        """


class ManyPlacesStage(Stage[S], Protocol):
    """A stage that its settings place; they are others than those of its pattern alone."""

    @property
    def settings_class(self) -> type[S]:
        """The settings as a stage."""

    def place_of(self, settings: S) -> Place:
        """Return where in a service it stands."""


class SizedStage(Stage[S], Protocol):
    """A stage that holds entries: what it may take is a setting."""

    def bytes_at(self, settings: S, keys: int, value_bytes: float, costs: Costs) -> float:
        """Return what it takes once it is full.

        Args:
            settings: Of the stage.
            keys: How many there are: it takes no more than all of them do.
            value_bytes: Of each value, on average; 0 where that is not known.
            costs: What a calibration measured.
        """

    def settings_at(self, settings: S, memory_bytes: float, value_bytes: float, costs: Costs) -> S:
        """Return the settings at which it takes so many bytes at most, as near as can be.

        Args:
            settings: Those that it has now.
            memory_bytes: At least `least_bytes`.
            value_bytes: Of each value, on average; 0 where that is not known.
            costs: What a calibration measured.
        """

    def least_bytes(self, value_bytes: float, costs: Costs) -> float:
        """Return what it takes at least: itself, and one entry."""

    def at_share(
        self, settings: S, share: float, keys: int, value_bytes: float, costs: Costs
    ) -> tuple[S, Costs] | None:
        """Return settings and costs with which a part of the keys fares as the whole does.

        None where that part of its size is too small to tell.

        Args:
            settings: For all keys.
            share: Of the keys.
            keys: How many there are in all.
            value_bytes: Of each value, on average; 0 where that is not known.
            costs: What a calibration measured.
        """


class PoolStage(Stage[S], Protocol):
    """A stage at `Place.POOL`: pools of several workers wait for one database together."""

    def most_connections(self, settings: S) -> int:
        """Return how many connections the pool of one worker may open."""

    def settings_with(self, settings: S, connections: int) -> S:
        """Return the settings at which the pool of one worker may open so many connections."""

    def costs_at(self, costs: Costs, seconds: float | None, contention: float | None) -> Costs:
        """Return the costs before another database than was measured.

        Args:
            costs: What a calibration measured.
            seconds: What a query takes on average with one connection in use; None as measured.
            contention: The share of a query that no two can do at once, of the Universal
                Scalability Law; None as measured.
        """

    def forward_pools(
        self,
        requests: Requests,
        workers: npt.NDArray[np.integer],
        count: int,
        settings: S,
        costs: Costs,
        shared: int | None = None,
    ) -> Passed:
        """Return what the pools of all workers pass on, in order of time.

        With one worker and nothing shared it is what `forward` returns.

        Args:
            requests: What comes to all of them.
            workers: Of shape (requests,), 0 to count - 1: the worker of each.
            count: How many workers there are.
            settings: Of each pool.
            costs: What a calibration measured.
            shared: Connections of a pooler such as PgBouncer between all pools and the database;
                none where there is none. What is waited for one of them is among the waits.

        Raises:
            BadInputError: If the settings cannot be answered for these requests.
        """
