"""`LinkedStage`: a stage as a link of a chain whose answers feed back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

from perflab.bench.identity import S_contra
from perflab.bench.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from perflab.modelling.prediction import Costs


@dataclasses.dataclass(frozen=True, slots=True)
class Around:
    """What stands around a stage in its service.

    Attributes:
        requests: How many come to the service.
        keys: How many keys they ask for.
        value_bytes: What a value takes on average; 0 where that is not known.
        rate: Requests per second that come to the stage on a calm day.
        processes: How many workers there are.
        shared: Connections of a pooler such as PgBouncer before the database; none without one.
        seed: Of what is drawn.
    """

    requests: int
    keys: int
    value_bytes: float
    rate: float
    processes: int
    shared: int | None = None
    seed: int = 0


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Linked:
    """What a chain is told of a stage.

    Attributes:
        links: Fields of `perflab.kernels.chain.flights.Links` that this stage sets.
        services: Seconds that the query of each request of the service takes with factor 1,
            float64 of shape (requests,); none of a stage that sends no query.
        factors: What they are multiplied with by the queries under way, from 1 on, float64.
        single_flight: Whether loads of one key are one in each ``process``, in the ``service``, or
            ``none``; None of a stage that says nothing of that.
        tries_every: Of a server that went away, how many seconds pass from one try of a client to
            the next: it is used again from the first try on that finds it there. 0 is at once.
        call_seconds: Seconds that the called server works on a try, used in turn, float64; none of
            a stage that makes no calls.
        call_share: The share of the keys whose loads call.
        chances: What failures and waits before retries are drawn from, float64 from 0 to 1.
        remarks: What a chain takes otherwise than the stage is.
    """

    links: Mapping[str, float | int | None]
    services: npt.NDArray[np.float64] | None = None
    factors: npt.NDArray[np.float64] | None = None
    single_flight: str | None = None
    tries_every: float = 0.0
    call_seconds: npt.NDArray[np.float64] | None = None
    call_share: float = 1.0
    chances: npt.NDArray[np.float64] | None = None
    remarks: tuple[str, ...] = ()


class LinkedStage(Stage[S_contra], Protocol):
    """A stage that can be a link of a chain whose answers feed back."""

    def linked(self, around: Around, settings: S_contra, costs: Costs) -> Linked:
        """Return what a chain is told.

        Args:
            around: The service.
            settings: The pattern's settings.
            costs: What a calibration measured.

        Raises:
            BadInputError: If the settings cannot be a link.
        """
