"""`perflab trace info --ttl`: how much of a workload lives at once at a few TTLs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perflab.cli.output import table
from perflab.errors import BadInputError

if TYPE_CHECKING:
    from perflab.workloads.kinds.trace import Trace


Point = dict[str, float | None]
"""How much lives at once with a TTL; none as the TTL is no TTL."""


def parse_ttls(text: str) -> list[float | None]:
    """Return the TTLs of a text such as ``10m,1h,none``, in seconds.

    Raises:
        BadInputError: If one of them is no TTL.
    """
    from perflab.units import is_none_word, parse_quantity

    ttls: list[float | None] = []
    for part in text.split(","):
        try:
            ttl = None if is_none_word(part) else parse_quantity(part.strip(), "seconds")
        except BadInputError as error:
            raise BadInputError(error.message, "--ttl") from None
        if ttl is not None and not 0 < ttl < math.inf:
            raise BadInputError(f"{part.strip()} is not a TTL: it must be above 0", "--ttl")
        ttls.append(ttl)
    return ttls


def working_set_points(trace: Trace, ttls: list[float | None]) -> list[Point]:
    """Return for each TTL how much lives at once, and the hit rate where nothing is evicted.

    Raises:
        BadInputError: If nothing dates the requests.
    """
    from perflab.modelling.operations import replayed
    from perflab.modelling.working_set import working_sets
    from perflab.settings import LoadSettings

    if trace.times is None:
        text = "has no times, so that no TTL has an effect; name a file's: --columns time=COLUMN"
        raise BadInputError(text, trace.name)
    asked = replayed(trace, LoadSettings())
    found = working_sets(asked, [math.inf if ttl is None else ttl for ttl in ttls], moments=2000)
    points = []
    for place, ttl in enumerate(ttls):
        point: Point = {
            "ttl_seconds": ttl,
            "live_keys_most": int(found.peak_keys[place]),
            "live_keys_mean": float(found.keys[place].mean()),
        }
        if found.bytes is not None and found.peak_bytes is not None:
            point["live_bytes_most"] = int(found.peak_bytes[place])
            point["live_bytes_mean"] = float(found.bytes[place].mean())
        points.append({**point, "hit_rate": float(found.hit_rates[place])})
    return points


def working_set_table(points: list[Point]) -> str:
    """Return the points as lines."""
    from perflab.instrumentation.catalog import metric
    from perflab.units import format_quantity

    def cell(key: str, value: float | None) -> str:
        if key == "ttl_seconds":
            return format_quantity(value, "seconds")
        name = key.removesuffix("_most").removesuffix("_mean")
        return metric(name).format(round(value or 0) if name == "live_keys" else value)

    heads = {"ttl_seconds": "TTL", "hit_rate": "hit rate without evictions"}
    for name in ("live_keys", "live_bytes"):
        heads |= {f"{name}_most": f"{metric(name).label}, at most", f"{name}_mean": "on average"}
    rows = [[heads[key] for key in points[0]]]
    rows += [[cell(key, value) for key, value in point.items()] for point in points]
    return table(rows)
