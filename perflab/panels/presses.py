"""`Presses`: of the presses of a button, those that are not the second half of a double click."""

from __future__ import annotations

import time
from collections.abc import Callable

DOUBLE_CLICK_SECONDS = 0.5
"""Presses of one button that are closer together are one: Run would be stopped by its own.

It is the time that desktops take for a double click.
"""


class Presses:
    """Does what buttons are for, once for each double click.

    Args:
        clock: Returns seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._handled: dict[str, float] = {}

    def press(self, name: str, handler: Callable[[], object]) -> None:
        """Call the handler of a button, unless that was pressed a moment ago.

        Args:
            name: The button's, whatever word stands on it now.
            handler: Returns at once.
        """
        earlier = self._handled.get(name)
        if earlier is not None and self._clock() - earlier < DOUBLE_CLICK_SECONDS:
            return
        handler()
        # From the handler's end: a press that waited behind it in the kernel counts as at once.
        self._handled[name] = self._clock()
