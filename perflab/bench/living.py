"""`LivingStage`: a stage that runs, in the processes of a service, before what it shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from perflab.bench.identity import S_contra
from perflab.bench.stage import Stage
from perflab.operations import Operation

Behind = Callable[[], object]
"""What a layer asks where it does not know the answer."""

NoteQuery = Callable[[float, float, float], None]
"""Told by the thread that asks of its query: the wait before it, when it began and what it took, in
seconds on the clock of `time.monotonic`."""


class LayerTimeoutError(Exception):
    """A request got nothing in time."""


class LayerRefusedError(Exception):
    """A request was turned away at once."""


class LayerFailedError(Exception):
    """What a request was sent for failed."""


class Layer(Protocol):
    """A stage in the process of a worker; its methods are called from many threads at once."""

    def answer(self, key: str, behind: Behind, ttl: float | None = None) -> object:
        """Return the value of a key, from here or from behind.

        Args:
            key: What is asked for.
            behind: Asked where it is not here.
            ttl: Seconds that what is loaded lives; none for the setting's.

        Raises:
            LayerTimeoutError: If it got nothing in time.
            LayerRefusedError: If it was turned away.
            LayerFailedError: If what it needs failed.
        """

    def write(self, operation: Operation, key: str, ttl: float | None) -> None:
        """Set, renew or remove what is here of a key, or write the data behind.

        Args:
            operation: Any but a lookup; a write of the data removes what a cache has of it.
            key: What is written.
            ttl: Seconds that it lives; none for the setting's.

        Raises:
            LayerTimeoutError: If it got nothing in time.
            LayerRefusedError: If it was turned away.
        """

    def close(self) -> None:
        """Let go of what it holds."""


class SlowingLayer(Layer, Protocol):
    """A layer whose server can be made slower from here."""

    def slow(self, times: float) -> None:
        """Let its server take so many times as long from now on; 1 is as usual."""


class Backing(Protocol):
    """What the workers of a service share of a stage, such as a server: perflab's own."""

    @property
    def address(self) -> Mapping[str, Any]:
        """What a layer in another process is told; plain values."""

    @property
    def about(self) -> str:
        """Its name and version, for people."""

    def down(self) -> None:
        """Let it die."""

    def up(self) -> None:
        """Let it come back, empty where it keeps nothing."""

    def close(self) -> None:
        """End it."""


class WatchedBacking(Backing, Protocol):
    """What can say whether it still runs."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""


class SlowingBacking(Backing, Protocol):
    """What can be made slower as a whole."""

    def slow(self, times: float) -> None:
        """Let it take so many times as long from now on; 1 is as usual."""


class LivingStage(Stage[S_contra], Protocol):
    """A stage that can run."""

    def backing(self, settings: S_contra, processes: int) -> Backing | None:
        """Return what the workers share, started; none where each has all of its own.

        Args:
            settings: The pattern's settings.
            processes: How many workers there are.

        Raises:
            BadInputError: If it does not come up, or the settings name a server of the user's.
        """

    def layer(self, settings: S_contra, address: Mapping[str, Any], note: NoteQuery) -> Layer:
        """Return the stage in this process.

        Args:
            settings: The pattern's settings.
            address: Of what the workers share; empty where they share nothing.
            note: What is told of each query, where the stage sends some.

        Raises:
            BadInputError: If it cannot be had.
        """
