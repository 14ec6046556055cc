"""`AsyncIOStage`: the concurrent HTTP client as a stage of a service, in front or calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.patterns.async_io.settings import AsyncIOStageSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    import numpy.typing as npt

    from perflab.bench.linked import Around, Linked
    from perflab.bench.living import Backing, Layer, NoteQuery
    from perflab.bench.stage import Passed, Requests
    from perflab.modelling.prediction import Costs

_UNKNOWN = {
    "urls": "services call servers of perflab's kind: describe yours by latency_seconds and "
    "capacity, and leave it out",
    "measured": "services call servers of perflab's kind: describe yours by latency_seconds and "
    "capacity, and leave it out",
    "rate_limit": "a limit on the rate is not predicted in a service; set none",
    "retry_after_seconds": "waits that a server asks for are not predicted in a service; set none",
}


class AsyncIOStage:
    """As ``call``, passes on what was called for, when that was answered; as ``front``, sends.

    A call keeps its place of `max_concurrent` while it is tried again. Calls that fail each time
    go no further, and so does the request.

    Attributes:
        place: In each worker process, before a server that all call, unless the settings say that
            it is the client in front.
        settings_class: Those of the bench, with the part in a service.
    """

    place: ClassVar[Place] = Place.CALL
    settings_class: ClassVar[type[AsyncIOStageSettings]] = AsyncIOStageSettings

    def place_of(self, settings: AsyncIOStageSettings) -> Place:
        """Return where in a service it stands."""
        return Place.FRONT if settings.role == "front" else Place.CALL

    def forward(self, requests: Requests, settings: AsyncIOStageSettings, costs: Costs) -> Passed:
        """Return what the calls of one worker pass on, and what each takes.

        Args:
            requests: What comes to it: reads call, all else goes on at once.
            settings: Of client and called server.
            costs: As the model of the bench takes them.

        Raises:
            BadInputError: If the settings say what a service does not predict.
        """
        import numpy as np

        return self.forward_pools(requests, np.zeros(len(requests), np.int64), 1, settings, costs)

    def forward_pools(
        self,
        requests: Requests,
        workers: npt.NDArray[np.integer],
        count: int,
        settings: AsyncIOStageSettings,
        costs: Costs,
        _shared: int | None = None,
    ) -> Passed:
        """Return what the calls of all workers pass on, in order of time.

        Args:
            requests: What comes to all of them.
            workers: The worker of each.
            count: How many workers there are.
            settings: Of the client of each, and of the server.
            costs: As the model of the bench takes them.

        Raises:
            BadInputError: If the settings say what a service does not predict.
        """
        from perflab.bench.passing import pass_nothing
        from perflab.patterns.async_io.model.calls import pass_calls

        check_known(settings)
        if not len(requests):
            return pass_nothing()
        return pass_calls(requests, workers, count, settings, costs)

    def linked(self, around: Around, settings: AsyncIOStageSettings, costs: Costs) -> Linked:
        """Return limits, retries and the called server.

        Args:
            around: Its service.
            settings: Of the client, and of the server where it calls one.
            costs: As the model of the bench takes them.

        Raises:
            BadInputError: If the settings say what a service does not predict.
        """
        import numpy as np

        from perflab.bench.linked import Linked
        from perflab.patterns.async_io.model.calls import CHANCES, call_links, limit_of
        from perflab.patterns.async_io.model.own import service_times

        check_known(settings)
        remarks = []
        if settings.limit_mode == "auto":
            remarks.append("in a service limit_mode is fixed: the limit stays max_concurrent")
        chances = np.random.default_rng(around.seed).random(CHANCES)
        if settings.role == "front":
            remarks.append("the way from the client in front to the workers takes no time here")
            links = {
                "front_limit": limit_of(settings),
                "front_timeout": settings.timeout,
                "front_retries": settings.retries,
                "front_backoff": settings.backoff_seconds,
            }
            return Linked(links, chances=chances, remarks=tuple(remarks))
        return Linked(
            call_links(settings, costs, around.rate, around.processes),
            call_seconds=service_times(settings, around.seed),
            call_share=settings.call_share,
            chances=chances,
            remarks=tuple(remarks),
        )

    def backing(self, settings: AsyncIOStageSettings, _processes: int) -> Backing | None:
        """Return the server that is called, started.

        Raises:
            BadInputError: If it is the client in front, the settings say what a service does not
                do, or the server does not come up.
        """
        from perflab.patterns.async_io.layer import CallBacking

        check_known(settings)
        if settings.role == "front":
            text = "is predicted only: a run sends the requests to the workers itself"
            raise BadInputError(text, "async_io.role=front")
        return CallBacking(settings)

    def layer(
        self, settings: AsyncIOStageSettings, address: Mapping[str, Any], _note: NoteQuery
    ) -> Layer:
        """Return the client of this process."""
        from perflab.patterns.async_io.layer import CallLayer

        return CallLayer(settings, address)


def check_known(settings: AsyncIOStageSettings) -> None:
    """Refuse settings that a service does not know.

    Raises:
        BadInputError: With the first of them.
    """
    for key, why in _UNKNOWN.items():
        if getattr(settings, key) is not None:
            raise BadInputError(why, key)
