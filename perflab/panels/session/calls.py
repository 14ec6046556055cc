"""`Calls`: what takes functions out of a session, as a file cannot agree to have one called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from perflab.bench import AnyBench
from perflab.panels.history.names import plain_values
from perflab.panels.history.tried import Tried
from perflab.panels.session.document import SavedSession
from perflab.tuning.points import NamedPoint, Point
from perflab.tuning.recommendation import Recommendation


class Calls:
    """Puts the cell's own values in the place of functions that only a file names.

    Args:
        bench: Says which settings may name a function.
        present: All settings as the cell has them.

    Attributes:
        left_out: The functions that the cell does not name, as ``setting function`` each.
    """

    def __init__(self, bench: AnyBench, present: Mapping[str, object]) -> None:
        self._bench, self._present = bench, present
        self._named = plain_values(bench.info, present)
        self.left_out: dict[str, None] = {}

    def without(self, session: SavedSession) -> SavedSession:
        """Return a session without them; its last results are as they are."""
        pinned = session.baseline
        return dataclasses.replace(
            session,
            settings=self._cleaned(session.settings, self._present),
            tried=tuple(self._entry(each) for each in session.tried),
            baseline=None if pinned is None else self._entry(pinned),
        )

    def before(self, found: Recommendation) -> dict[str, object]:
        """Return the settings that a recommendation was looked for from, as a run takes them."""
        return self._cleaned(found.before, self._present)

    def recommendation(self, found: Recommendation) -> Recommendation:
        """Return a recommendation without them."""
        return dataclasses.replace(
            found,
            before=self._cleaned(found.before, self._named),
            settings=self._cleaned(found.settings, self._named),
            points=tuple(self._point(each) for each in found.points),
            ceilings=tuple(self._point(each) for each in found.ceilings),
            alternatives=tuple(self._named_point(each) for each in found.alternatives),
            reliefs=tuple(self._named_point(each) for each in found.reliefs),
            sensitivity=tuple(self._named_point(each) for each in found.sensitivity),
        )

    def _entry(self, entry: Tried) -> Tried:
        return {**entry, "settings": self._cleaned(entry["settings"], self._present)}

    def _point(self, point: Point) -> Point:
        return {**point, "settings": self._cleaned(point["settings"], self._named)}

    def _named_point(self, point: NamedPoint) -> NamedPoint:
        return {**point, "settings": self._cleaned(point["settings"], self._named)}

    def _cleaned(
        self, settings: Mapping[str, Any], instead: Mapping[str, object]
    ) -> dict[str, object]:
        found = dict(settings)
        for key, value in settings.items():
            if self._bench.names_function(key, value):
                found[key] = instead[key]
                if value != self._named[key]:
                    self.left_out[f"{self._bench.info(key).name} {value}"] = None
        return found
