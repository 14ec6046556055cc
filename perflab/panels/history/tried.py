"""`Trail`: all settings that were tried, with what was predicted and measured there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ConfigDict, StrictFloat, StrictInt, StrictStr, with_config
from typing_extensions import TypedDict

REST_SECONDS = 1.5
"""Settings that change again sooner were passed, as by a slider on its way, and not tried."""
MOST = 200

Values = dict[StrictStr, StrictFloat | StrictInt | None]
"""Metrics as a file of a session has them, where a number that is none is null."""


@with_config(ConfigDict(extra="allow"))
class Tried(TypedDict):
    """Settings that were tried.

    Attributes:
        settings: All of them, of the pattern and of the load.
        predicted: For the whole workload.
        refitted: For what a run measured, with its own costs; empty without a run.
        measured: By that run, since the last change; likewise.
        when: The time in UTC, ISO 8601.
    """

    settings: dict[str, Any]
    predicted: Values
    refitted: Values
    measured: Values
    when: str


class Trail:
    """The list, and a place in it that undo and redo move. Safe to use from several threads.

    Settings that were put back by undo are not tried again. What is changed after an undo is added
    at the end and nothing is lost: redo goes on from there.

    Args:
        clock: What time it is, in seconds.
        plain: Returns settings as a run has them in its result.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        plain: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        self._lock = threading.RLock()
        self._clock, self._plain = clock, plain
        self._entries: list[Tried] = []
        self._since = 0.0
        self._at = -1

    @property
    def entries(self) -> tuple[Tried, ...]:
        """All of them, the oldest first."""
        with self._lock:
            return tuple(self._entries)

    @property
    def plain(self) -> tuple[Tried, ...]:
        """All of them, with settings as files have them."""
        return tuple(
            {**each, "settings": dict(self._plain(each["settings"]))} for each in self.entries
        )

    @property
    def place(self) -> int:
        """The number of the present one in `entries`; -1 where there are none."""
        return self._at

    def predict(self, settings: Mapping[str, Any], predicted: Mapping[str, float]) -> None:
        """Note the present settings with their prediction."""
        with self._lock:
            now = self._clock()
            if self._at >= 0 and self._entries[self._at]["settings"] == settings:
                self._entries[self._at]["predicted"] = dict(predicted)
                return
            entry: Tried = {
                "settings": dict(settings),
                "predicted": dict(predicted),
                "refitted": {},
                "measured": {},
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            passed = now - self._since < REST_SECONDS and self._at == len(self._entries) - 1 > 0
            if passed and not self._entries[-1]["measured"]:
                self._entries.pop()
            self._entries.append(entry)
            del self._entries[:-MOST]
            self._at, self._since = len(self._entries) - 1, now

    def measure(
        self,
        settings: Mapping[str, Any],
        measured: Mapping[str, float],
        refitted: Mapping[str, float],
    ) -> None:
        """Note what a run has measured at settings; where they were tried twice, the last time.

        Args:
            settings: As the run's result has them.
            measured: By it.
            refitted: With its own costs.
        """
        with self._lock:
            for entry in reversed(self._entries):
                if self._plain(entry["settings"]) == settings:
                    entry["measured"], entry["refitted"] = dict(measured), dict(refitted)
                    return

    def undo(self) -> Tried | None:
        """Go to the one before and return it; none where there is none."""
        return self._go(self._at - 1)

    def redo(self) -> Tried | None:
        """Go to the next one and return it; none where there is none."""
        return self._go(self._at + 1)

    def go(self, number: int) -> Tried | None:
        """Go to one and return it; none where there is none of that number."""
        return self._go(number)

    def load(self, entries: tuple[Tried, ...]) -> None:
        """Take the entries of a saved session in place of these."""
        with self._lock:
            self._entries = [{**entry} for entry in entries[-MOST:]]
            self._at, self._since = len(self._entries) - 1, -REST_SECONDS

    def clear(self) -> None:
        """Forget all: they were of another workload."""
        self.load(())

    def _go(self, number: int) -> Tried | None:
        with self._lock:
            if not 0 <= number < len(self._entries):
                return None
            # What was passed quickly is still there to come back to.
            self._at, self._since = number, self._clock() - REST_SECONDS
            return self._entries[number]
