"""`Together`: several scenarios on one time line."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.bench.stage import Place
    from perflab.service.incoming import Incoming
    from perflab.service.scenarios.base import Happenings, Scenario


@dataclasses.dataclass(frozen=True, slots=True)
class Together:
    """Several scenarios, each at its time; a crowd comes before a crawler is added to it.

    Attributes:
        parts: In the order in which they were named.
    """

    parts: tuple[Scenario, ...]

    @property
    def spec(self) -> str:
        """The text that names all of them again."""
        return " + ".join(part.spec for part in self.parts)

    @property
    def title(self) -> str:
        """What they are called in reports."""
        return "; ".join(part.title for part in self.parts)

    def begins(self, came: Incoming) -> float:
        """Return when the first of them begins, in seconds.

        Raises:
            BadInputError: If one begins after the last request.
        """
        return min(part.begins(came) for part in self.parts)

    def ends(self, came: Incoming) -> float:
        """Return when the cause of the last of them is over, in seconds."""
        return max(part.ends(came) for part in self.parts)

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Return what a reader must know of them.

        Raises:
            BadInputError: If one happens to a stage that is not there.
        """
        said = [remark for part in self.parts for remark in part.check(places)]
        return tuple(dict.fromkeys(said))

    def happenings(self, came: Incoming) -> Happenings:
        """Return what happens to the stages, and when.

        Raises:
            BadInputError: If two of one kind overlap, so that the end of one would end the other,
                or one crowd multiply the other.
        """
        for one, other in itertools.combinations(self.parts, 2):
            if one.name != other.name or one.overlaps:
                continue
            first, second = sorted((one, other), key=lambda part: part.begins(came))
            if second.begins(came) < first.ends(came):
                text = (
                    f"{one.name} is on until {in_words(first.ends(came), 'seconds')}, and again "
                    f"from {in_words(second.begins(came), 'seconds')} on: they overlap; take one "
                    "that lasts longer, or another time"
                )
                raise BadInputError(text, "scenario")
        return [step for part in self.parts for step in part.happenings(came)]

    def arriving(self, came: Incoming) -> Incoming:
        """Return the requests as they come then."""
        changed = came
        for part in sorted(self.parts, key=lambda each: each.order):
            changed = part.arriving(changed)
        return changed
