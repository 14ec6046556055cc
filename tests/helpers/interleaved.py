"""Something done by another thread between any two steps of a function, once for each step."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_PATIENCE = 0.05


def between_steps(
    function: Callable[[], object], other: Callable[[], object], module: str, step: int
) -> bool:
    """Call a function and, before its step of such a number, let another thread do something.

    A step is an instruction of the interpreter's, in any function of the module. Where the other
    thread waits for a lock of the function's, it goes on afterwards.

    Returns:
        Whether there was such a step.
    """
    seen = -1
    thread = threading.Thread(target=other)

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if frame.f_globals.get("__name__") != module:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            seen += 1
            if seen == step:
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
