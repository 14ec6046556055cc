"""How a trace with times goes on when it begins again at its end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def pass_seconds(times: npt.NDArray[np.float64]) -> float:
    """Return how much later the same request comes on the next pass: the span and a mean gap.

    Args:
        times: Seconds, shape ``(requests,)``, not decreasing.
    """
    span = float(times[-1] - times[0])
    return span * len(times) / (len(times) - 1) if len(times) > 1 and span > 0 else 1.0
