"""What the JSON of a result must look like, checked before anything is computed from it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from perflab.errors import BadInputError

Scalar = bool | int | float | str | None
Values = dict[str, Scalar]
Numbers = dict[str, float | None]
_KINDS = ("bool", "int", "float", "str")


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


class _KeyCount(_Shape):
    key: str
    requests: int


class _Summary(_Shape):
    requests: int | None = None
    operations: dict[str, int] | None = None
    distinct_keys: int | None = None
    one_hit_wonders: int | None = None
    skew: float | None = None
    most_requested: list[_KeyCount] | None = None


class _Options(_Shape):
    format: str | None = None
    columns: dict[str, str] | None = None


class _Workload(_Shape):
    options: _Options | None = None
    summary: _Summary | None = None
    notes: list[str] | None = None


class _Point(_Shape):
    settings: Values
    metrics: Numbers
    sampled: float = 1.0
    error: float = 0.0
    name: str = ""
    reason: str = ""


class _Row(_Shape):
    seconds: float
    requests: float = 0
    __pydantic_extra__: dict[str, float | None]


class _UrlCount(_Shape):
    url: str
    requests: int
    failures: dict[str, int] = {}
    latency_seconds_p50: float | None = None
    latency_seconds_p95: float | None = None


class _Change(_Shape):
    seconds: float
    request: int | None = None
    settings: Values = {}


class _Alert(_Shape):
    alert: str
    metric: str = ""
    seconds: float | None = None
    value: float | None = None
    watched: float | None = None
    held: float | None = None


class _Environment(_Shape):
    versions: Values = {}
    servers: Values = {}


class _Observed(_Shape):
    source: str = ""
    along: str = ""
    places: list[float] = []
    metrics: list[Numbers] = []
    predicted: list[Numbers] = []


class _History(_Shape):
    value: float | None = None
    seconds: list[float]
    curves: dict[str, list[float]]
    errors: dict[str, list[float]]
    peaks: dict[str, float]
    means: dict[str, float]
    metrics: dict[str, float]
    sampled: float
    remark: str = ""


class _Calibration(_Shape):
    costs: dict[str, object] = {}


class _Result(_Shape):
    format: int = 1
    pattern: str = ""
    workload: _Workload = _Workload()
    settings: Values = {}
    before: Values = {}
    metrics: Numbers = {}
    before_metrics: Numbers = {}
    measured: Numbers = {}
    since_change: Numbers = {}
    predicted: Numbers = {}
    fitted: Numbers = {}
    points: list[_Point] = []
    maps: list[_Point] = []
    alternatives: list[_Point] = []
    reliefs: list[_Point] = []
    sensitivity: list[_Point] = []
    snapshots: list[_Row] = []
    changes: list[_Change] = []
    alerts: list[_Alert] = []
    swept: list[str] = []
    limits: list[str] = []
    notes: list[str] = []
    doubts: list[str] = []
    remarks: list[str] = []
    reason: str = ""
    objective: str = ""
    unreached: str = ""
    worse: str = ""
    ended: str = ""
    observed: _Observed = _Observed()
    by_url: list[_UrlCount] = []
    histories: list[_History] = []
    calibration: _Calibration = _Calibration()
    environment: _Environment = _Environment()


def check_shape(values: Mapping[str, object], place: str) -> None:
    """Refuse what a damaged or foreign file holds.

    Raises:
        BadInputError: With the first field that is not what a result holds.
    """
    try:
        _Result.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in _KINDS)
        message = f"is damaged: {where} is not what a result holds ({first['msg'].lower()})"
        raise BadInputError(message, place) from None
