"""Something done by another thread between any two lines of a function, once for each line."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_PATIENCE = 0.2


def between_lines(
    function: Callable[[], object], other: Callable[[], object], module: str, line: int
) -> bool:
    """Call a function and, before its line of such a number, let another thread do something.

    The other thread has a fifth of a second: where it waits for a lock of the function's, it goes
    on afterwards. Lines are counted from 0 as they are run, those of all functions of the module.

    Returns:
        Whether there was such a line.
    """
    seen = -1
    thread = threading.Thread(target=other)

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if frame.f_globals.get("__name__") != module:
            return None
        if event == "line":
            seen += 1
            if seen == line:
                thread.start()
                thread.join(_PATIENCE)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    if thread.ident is None:
        return False
    thread.join()
    return True
