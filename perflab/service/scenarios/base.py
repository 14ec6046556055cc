"""`Scenario`: something that happens to a service at a time, with declared parameters."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.errors import BadInputError
from perflab.settings import Settings, setting
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.bench.stage import Place
    from perflab.kernels.chain.flights import Happening
    from perflab.service.incoming import Incoming

Happenings = list[tuple[float, "Happening", float]]
_DAY = 86_400.0


def seconds_setting(default: float, meaning: str) -> Any:
    """Declare how long something lasts."""
    return setting(
        default, meaning, unit="seconds", low=0.001, high=_DAY, span=(0.1, 600), scale="log"
    )


class Scenario(Settings):
    """Something that happens to a service.

    Attributes:
        name: What users write, such as ``redis-down``.
        title: What it is called on buttons and in reports.
        order: Together with others, when it changes the requests; those of lower order first.
        overlaps: Whether another of its kind may happen while it does.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int] = 0
    overlaps: ClassVar[bool] = True

    at: float | None = setting(
        None,
        "When it begins, from the first request on; none = after two fifths of the workload.",
        unit="seconds",
        low=0.0,
        high=365 * _DAY,
        span=(0, 3600),
    )

    @property
    def spec(self) -> str:
        """The text that names it again, such as ``redis-down:at=60s,seconds=10s``."""
        shown = self.shown().items()
        given = [f"{key}={'none' if value is None else value}" for key, value in shown]
        return f"{self.name}:{','.join(given)}"

    def begins(self, came: Incoming) -> float:
        """Return when it begins, in seconds.

        Raises:
            BadInputError: If that is after the last request.
        """
        last = float(came.requests.times[-1])
        if self.at is None:
            return 0.4 * last
        if self.at > 0 and self.at >= last:
            text = (
                f"begins at {in_words(self.at, 'seconds')}, but the workload ends after "
                f"{in_words(last, 'seconds')}: take an earlier time, or a longer workload"
            )
            raise BadInputError(text, f"{self.name}:at")
        return self.at

    def ends(self, came: Incoming) -> float:
        """Return when its cause is over, in seconds."""
        return self.begins(came)

    def check(self, _places: Collection[Place]) -> tuple[str, ...]:
        """Return what a reader must know of it in a service whose stages are of these places.

        Raises:
            BadInputError: If it happens to a stage that is not there.
        """
        return ()

    def happenings(self, _came: Incoming) -> Happenings:
        """Return what happens to the stages, and when."""
        return []

    def arriving(self, came: Incoming) -> Incoming:
        """Return the requests as they come then."""
        return came
