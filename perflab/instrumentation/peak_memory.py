"""The memory of this process: what is resident now, and the most that ever was."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    return _field("VmRSS") or _by_psutil()


def peak_bytes() -> int:
    """Return the most resident memory of this process so far, as the kernel has counted it.

    On Linux it is counted from the last `reset_peak`, and does not hold the parent's memory, as
    ``ru_maxrss`` does; elsewhere it is counted from the start.
    """
    return _field("VmHWM") or _by_rusage()


def reset_peak() -> None:
    """Count the peak from now, where the kernel can (Linux)."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)


def _field(name: str) -> int:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return 0
    found = next((line for line in lines if line.startswith(f"{name}:")), None)
    return int(found.split()[1]) * 1024 if found else 0


def _by_psutil() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _by_rusage() -> int:
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
