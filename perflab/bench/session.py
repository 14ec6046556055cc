"""`Session`: a pattern that is being run live, and what was measured of it."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol

from perflab.bench.identity import S

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from perflab.bench.pace import Pace
    from perflab.instrumentation.histogram import LatencyHistogram
    from perflab.settings import LoadSettings


Runs = Sequence[tuple[Mapping[str, Any], dict[str, Any]]]
"""Settings and costs of each of the runs that a calibration is made of."""


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done to a session while it runs, such as killing its server.

    Attributes:
        name: What `Session.act` is told.
        word: What stands on the button.
        icon: The button's icon, by its name in Font Awesome 4.
        meaning: What it does, in a sentence.
        event: What it does to a server behind, such as ``the server was killed``, where no
            prediction covers that; empty where predictions go on to hold.
        needs: When it can be done: at any time, or with a server of perflab's own behind the run,
            or only while that is up, or down, as `Session.server_up` has it.
        meanwhile: What the server is while the action lasts, such as ``slowed``; empty where the
            button's word says enough.
    """

    name: str
    word: str
    icon: str
    meaning: str
    event: str = ""
    needs: Literal["", "server", "up", "down"] = ""
    meanwhile: str = ""

    def possible(self, server_up: bool | None) -> bool:
        """Say whether it can be done while the server is in a state.

        Args:
            server_up: As `Session.server_up` returns it.
        """
        if self.needs in ("", "server"):
            return not self.needs or server_up is not None
        return server_up is (self.needs == "up")


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What a run, or a part of one, has measured.

    Attributes:
        seconds: How long it was.
        requests: How many requests were done.
        counters: The session's counters: differences, but for what is a level.
        histograms: Latencies by outcome.
        distributions: The session's other times by name, such as ``wait``.
        memory_bytes: Resident memory of the child that the pattern added.
        load: The settings of the load.
    """

    seconds: float
    requests: int
    counters: Mapping[str, float]
    histograms: Mapping[str, LatencyHistogram]
    distributions: Mapping[str, LatencyHistogram]
    memory_bytes: float
    load: LoadSettings


class EndOfWorkload(Exception):  # noqa: N818  (an end is no error)
    """There is no further request; raised by a session that alone knows how many there are."""


class Load(Protocol):
    """What puts a workload's requests to a session: the lab's threads, or what a session brings.

    Attributes:
        failure: What ended it though it should not have; the run then fails with it.
    """

    failure: BaseException | None

    @property
    def finished(self) -> bool:
        """Say whether no further request will be made, and none is under way."""

    def start(self) -> None:
        """Begin; requests count from now."""

    def pause(self) -> None:
        """Hold the load before its next request."""

    def resume(self) -> None:
        """Go on; what was not due before the pause is due after it."""

    def apply(self, load: LoadSettings, thread_count: int | None = None, /) -> None:
        """Change the pace from the next request on."""

    def stop(self) -> None:
        """End, and come back when nothing is under way."""

    def histograms(self) -> dict[str, LatencyHistogram]:
        """Return the latencies so far by outcome."""


class Session(ABC, Generic[S]):
    """A pattern that is being run live, inside the child process.

    Attributes:
        held: Returns how many seconds of the calling thread's last request were a wait for
            perflab's own cap on calls, which is no latency of the pattern; none without a cap.
    """

    held: Callable[[], float] | None = None

    def spend(self, _requests: int, /) -> None:
        """Count requests that a calibration has made, of those that the user agreed to.

        A session with such a cap has the counter ``sent``: its own, and these.
        """

    def own_load(self, _pace: Pace, _load: LoadSettings, _limit: int | None, /) -> Load | None:
        """Return what drives this session where it cannot be threads, such as an event loop.

        `request` is then never called.

        Args:
            _pace: When requests are due.
            _load: The settings of the load.
            _limit: How many requests at the most.
        """
        return None

    @abstractmethod
    def request(self, index: int, due: float, /) -> str:
        """Do the request of that index and return its outcome: ``hit``, ``miss``, ``error`` ...

        Args:
            index: Which request of the workload.
            due: From when its latency counts, as `time.perf_counter` tells it.

        Raises:
            EndOfWorkload: If the workload is through; the run then ends.
        """

    @abstractmethod
    def apply(self, settings: S, load: LoadSettings, /) -> None:
        """Change the running pattern in place."""

    @abstractmethod
    def counters(self) -> dict[str, float]:
        """Return flat counters, which only grow but for those that the bench names in `levels`."""

    @abstractmethod
    def problem(self) -> str | None:
        """Return why the run cannot go on, if so: a backend that only fails."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds."""

    def under_way(self) -> Callable[[], bool] | None:
        """Return what says whether something that has begun by now is still under way.

        It is asked for after a change of settings: what was begun before it went by the settings
        before, so that what was measured since the change counts from when all of that has ended.
        Requests of the lab's own threads are no concern of it. None where a session does nothing
        beside them.
        """
        return None

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return times other than latencies, by name; the caller may keep them."""
        return {}

    def records(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return what was recorded of each request, in the order of arrival; asked at the end."""
        return {}

    def by_url(self) -> list[dict[str, object]]:
        """Return the URLs requested most, as `Run.by_url` has them; asked at the end."""
        return []

    def about(self) -> dict[str, str]:
        """Return what a reader must know of the servers behind: name, version, source."""
        return {}

    def server_up(self) -> bool | None:
        """Say whether perflab's own server behind is up; None where there is no such server."""
        return None

    def act(self, name: str, /) -> None:
        """Do one of the bench's actions.

        Raises:
            BadInputError: If it cannot be done now; the run goes on.
        """
        raise NotImplementedError(name)


AnySession = Session[Any]
"""A session of any pattern."""
