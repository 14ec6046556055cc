"""`survive`: the smallest change of one setting with which a service survives a scenario."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.lab.result import Result
from perflab.service.incoming import incoming
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.play import flows_of, play_on
from perflab.units import in_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from perflab.service.layout import ServiceLayout, ServiceStage
    from perflab.service.scenarios.base import Scenario

_MOST_TIMES = 64
"""No setting is made more than so many times larger."""
_ALIKE = 2
"""After so many larger values that changed nothing no more are tried."""
_NEAR = 0.05
"""The smallest value that survives is found to so large a share of it."""

OnTry = Callable[[str, str], None]
"""Told of each setting that is tried: its key, and the value in words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """One setting, changed by itself.

    Attributes:
        key: Such as ``connection_pool.max_connections``.
        title: The stage's.
        before: Its value now, in words.
        after: The smallest value that was found to survive, in words; none where no value does.
        most: The largest value that was tried, in words.
        times: How many times larger than now; none where no value survives.
        verdict: Of the scenario at that value, or at the largest.
        bound: Why no larger value was tried; empty where one survives.
    """

    key: str
    title: str
    before: str
    after: str | None
    most: str
    times: float | None
    verdict: str
    bound: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Survival(Result):
    """How a service survives a scenario.

    Attributes:
        scenario: What happens.
        before: What becomes of the service as it is.
        ways: Each stage's own size changed by itself, the smallest change first.
        advice: What to do, in a sentence or two.
    """

    kind: ClassVar[str] = "survival"
    made_by: ClassVar[str] = "perflab tune service --survive NAME --out FILE"

    scenario: str
    before: ScenarioOutcome
    ways: tuple[Way, ...]
    advice: str

    def to_frame(self) -> pd.DataFrame:
        """Return what was tried, a row for each stage."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(way) for way in self.ways])

    @property
    def best(self) -> Way | None:
        """The smallest change that survives; none where none is needed, or none does."""
        found = [way for way in self.ways if way.after is not None]
        return found[0] if found else None


def survive(
    service: ServiceLayout,
    workload: object = None,
    scenario: str | Scenario = "redis-down",
    clients: npt.ArrayLike | None = None,
    *,
    retries: int = 0,
    on_try: OnTry | None = None,
) -> Survival:
    """Return the smallest change of one stage's size with which a service survives a scenario.

    Each stage is made larger by itself: twice, four times and so on, and then between the last
    value that does not survive and the first that does. What is larger is taken to survive what
    is smaller does.

    Args:
        service: The service.
        workload: As `Service.predict` takes it.
        scenario: What happens, such as ``redis-down:at=60,seconds=10``.
        clients: For the spread ``sticky``, whose each request is.
        retries: How often a request that got no connection is tried again.
        on_try: Told of each value that is tried.

    Raises:
        BadInputError: If the workload, scenario or service is not right.
    """
    chosen = read_scenario(scenario)
    came = incoming(service, workload, clients)
    flows = flows_of(service, came)
    told = on_try or (lambda _key, _value: None)

    def at(changed: ServiceLayout) -> ScenarioOutcome:
        return play_on(changed, came, chosen, retries=retries, flows=flows)

    before = at(service)
    ways: list[Way] = []
    if not before.survived:
        searches = (_way(service, stage, at, told) for stage in service.stages)
        ways = sorted((way for way in searches if way is not None), key=_size)
    return Survival(chosen.spec, before, tuple(ways), _advice(before, ways))


def _size(way: Way) -> float:
    return float("inf") if way.times is None else way.times


def _way(
    service: ServiceLayout,
    stage: ServiceStage,
    at: Callable[[ServiceLayout], ScenarioOutcome],
    told: OnTry,
) -> Way | None:
    """Return how large one stage must be; none where it has no size."""
    bench = load_bench(stage.bench)
    name = bench.tuning.tuned_by(stage.settings.model_dump())
    now = getattr(stage.settings, name)
    if not isinstance(now, (int, float)) or isinstance(now, bool) or now <= 0:
        return None
    key, whole = f"{stage.bench}.{name}", isinstance(now, int)
    most, bound = _most(service, stage, float(now), float(bench.info(name).high or now))

    def words(value: float) -> str:
        return in_words(value, bench.info(name).unit)

    def survives(value: float) -> ScenarioOutcome:
        told(key, words(value))
        return at(service.change({key: int(value) if whole else value}))

    low, high = float(now), min(2.0 * now, most)
    tried, alike = None, 0
    while high > low:
        before, tried = tried, survives(high)
        alike = alike + 1 if before is not None and before.metrics == tried.metrics else 0
        if tried.survived or alike == _ALIKE:
            break
        low, high = high, min(2.0 * high, most)
    title = bench.identity.title
    if tried is None:
        return Way(key, title, words(now), None, words(now), None, "", bound)
    if not tried.survived:
        bound = "more makes no difference" if alike == _ALIKE else bound
        largest = words(min(high, most))
        return Way(*(key, title, words(now), None, largest, None), *(tried.verdict, bound))
    while high - low > max(_NEAR * high, 1.0 if whole else 0.0):
        middle = (low + high) / 2
        middle = float(int(middle)) if whole else middle
        found = survives(middle)
        if found.survived:
            high, tried = middle, found
        else:
            low = middle
    return Way(*(key, title, words(now), words(high), words(high), high / now, tried.verdict))


def _most(
    service: ServiceLayout, stage: ServiceStage, now: float, high: float
) -> tuple[float, str]:
    """Return the largest value that is tried, and why none beyond it is."""
    most, bound = min(_MOST_TIMES * now, high), f"no more than {_MOST_TIMES} times is tried"
    allowed = service.settings.max_connections
    if stage.place is Place.POOL and allowed is not None:
        pools = service.settings.processes
        if service.settings.pgbouncer_connections is None and allowed // pools < most:
            most = float(max(allowed // pools, now))
            bound = f"the database allows {in_words(allowed, 'connections')} in all"
    return most, bound


def _advice(before: ScenarioOutcome, ways: list[Way]) -> str:
    """Return what to do."""
    if before.survived:
        return "The service survives as it is."
    best = next((way for way in ways if way.after is not None), None)
    if best is not None:
        return f"Set {best.key} to {best.after} instead of {best.before}. {best.verdict}"
    tried = "; ".join(f"{way.key} up to {way.most} ({way.bound})" for way in ways)
    less = "less traffic, single flight across the workers, or a database that is faster"
    return f"The size of no stage by itself is enough: {tried}. What may help: {less}."
