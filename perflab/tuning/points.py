"""`Point`: settings and what is predicted there, as results keep it and their files have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, NotRequired

from pydantic import ConfigDict, SkipValidation, with_config

# That of `typing` is not known to pydantic before Python 3.12.
from typing_extensions import TypedDict

from perflab.lab.outcome import plain_settings
from perflab.modelling.prediction import Metrics, Prediction
from perflab.settings import LoadSettings, Settings, SettingValues

if TYPE_CHECKING:
    import pandas as pd


@with_config(ConfigDict(extra="allow"))
class Point(TypedDict):
    """Settings and metrics.

    Attributes:
        settings: All settings, of the pattern and of the load.
        metrics: Predicted there; a number that is none is None in what was read from a file.
        sampled: The share of the keys that was looked at; 1 where it is not told.
        error: Half the band around the metric that counts; 0 where it is not told.
        behind: Whether requests come faster than they are served there; not where it is not told.
    """

    settings: SettingValues
    metrics: Annotated[Metrics, SkipValidation]
    sampled: NotRequired[float]
    error: NotRequired[float]
    behind: NotRequired[bool]


@with_config(ConfigDict(extra="allow"))
class NamedPoint(Point):
    """A point that is worth a look.

    Attributes:
        name: What it is, such as ``knee``.
        reason: Why it is worth it, in words.
    """

    name: str
    reason: str


def point_of(found: Prediction, settings: Settings, load: LoadSettings) -> Point:
    """Return what is predicted at settings, as a point."""
    point: Point = {
        "settings": plain_settings(settings, load),
        "metrics": found.metrics,
        "sampled": found.sampled,
        "error": found.error,
    }
    return {**point, "behind": True} if found.behind else point


def named_point(name: str, point: Point, reason: str) -> NamedPoint:
    """Return a point with its name and why it is worth a look."""
    return {
        "name": name,
        "settings": point["settings"],
        "metrics": point["metrics"],
        "reason": reason,
    }


def frame_of(points: Iterable[Point]) -> pd.DataFrame:
    """Return a row a point: a column for every setting, the metrics, and what else it has."""
    import pandas as pd

    return pd.DataFrame(
        [{**point["settings"], **point["metrics"], **_exactness(point)} for point in points]
    )


def _exactness(point: Point) -> dict[str, float]:
    return {name: point[name] for name in ("sampled", "error") if name in point}
