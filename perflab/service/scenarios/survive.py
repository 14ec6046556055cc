"""`survive`: the smallest change of one setting with which a service survives a scenario."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.lab.result import Result
from perflab.service.incoming import incoming
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.play import flows_of, play_on
from perflab.service.scenarios.size_search import SizeSearch
from perflab.units import counted, in_words, parse_quantity

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from perflab.service.layout import ServiceLayout, ServiceStage
    from perflab.service.scenarios.base import Scenario
    from perflab.service.scenarios.together import Together

_MOST_TIMES = 64
"""No setting is made more than so many times larger, or smaller."""

OnTry = Callable[[str, str], None]
"""Told of each setting that is tried: its key, and the value in words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """One setting, changed by itself.

    Attributes:
        key: Such as ``connection_pool.max_connections``.
        title: The stage's.
        before: Its value now, in words.
        after: The nearest value that was found to survive, in words; none where no value does.
        most: The largest value that was tried, in words.
        times: How many times larger than now, below 1 for smaller; none where no value survives.
        verdict: Of the scenario at that value, or at the one tried at which the fewest fail.
        bound: Why no larger value was tried; empty where one survives.
        least: The smallest value that was tried, in words.
        fails_beyond: The neighbour of the value that survives, on the far side, where that one does
            not; empty where it survives too.
        nearest: The value tried at which the fewest requests fail, in words; empty where one
            survives, or none is better than the present one.
        fewest: The requests that fail there; none likewise.
    """

    key: str
    title: str
    before: str
    after: str | None
    most: str
    times: float | None
    verdict: str
    bound: str = ""
    least: str = ""
    fails_beyond: str = ""
    nearest: str = ""
    fewest: float | None = None


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
    scenario: str | Sequence[str] | Scenario | Together = "redis-down",
    clients: npt.ArrayLike | None = None,
    *,
    retries: int = 0,
    on_try: OnTry | None = None,
) -> Survival:
    """Return the smallest change of one stage's size with which a service survives a scenario.

    Each stage is made larger by itself: twice, four times and so on, and then between the last
    value that does not survive and the first that does. More may harm, as more connections before a
    database that slows down with them: where it does, or no larger value survives, smaller ones are
    tried as well. The value that is found was played, and so were both of its neighbours.

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
    chosen = read_scenario(scenario, service.scenarios)
    came = incoming(service, workload, clients)
    flows = flows_of(service, came)
    told = on_try or (lambda _key, _value: None)

    def at(changed: ServiceLayout) -> ScenarioOutcome:
        return play_on(changed, came, chosen, retries=retries, flows=flows)

    before = at(service)
    ways: list[Way] = []
    if not before.survived:
        searches = (_way(service, stage, before, at, told) for stage in service.stages)
        ways = sorted((way for way in searches if way is not None), key=_size)
    return Survival(chosen.spec, before, tuple(ways), _advice(before, ways))


def _size(way: Way) -> float:
    """Return how large a change is, the same for twice as much and for half as much."""
    return math.inf if way.times is None else abs(math.log(way.times))


def _way(
    service: ServiceLayout,
    stage: ServiceStage,
    before: ScenarioOutcome,
    at: Callable[[ServiceLayout], ScenarioOutcome],
    told: OnTry,
) -> Way | None:
    """Return how large one stage must be; none where it has no size."""
    bench = load_bench(stage.bench)
    name = bench.tuning.tuned_by(stage.settings.model_dump())
    now = getattr(stage.settings, name)
    if not isinstance(now, (int, float)) or isinstance(now, bool) or now <= 0:
        return None
    key, whole, info = f"{stage.bench}.{name}", isinstance(now, int), bench.info(name)
    most, bound = _most(service, stage, float(now), float(info.high or now))
    least = max(float(info.low or 0.0), now / _MOST_TIMES)

    def words(value: float) -> str:
        return in_words(value, info.unit)

    def as_told(value: float) -> float:
        try:
            return parse_quantity(words(value), info.unit)
        except BadInputError:
            return value

    def outcome(value: float) -> ScenarioOutcome:
        told(key, words(value))
        return at(service.change({key: round(value) if whole else value}))

    low = float(math.ceil(least)) if whole else least
    search = SizeSearch(
        float(now), before, min(low, float(now)), most, whole=whole, at=outcome, told=as_told
    )
    found = search.find()
    tried, title = search.tried, bench.identity.title
    most_tried, least_tried = words(max(tried)), words(min(tried))
    if found is not None:
        beyond = "" if search.fails_beyond is None else words(search.fails_beyond)
        return Way(
            *(key, title, words(now), words(found), most_tried),
            times=found / now,
            verdict=tried[found].verdict,
            least=least_tried,
            fails_beyond=beyond,
        )
    bound = "more makes no difference" if search.alike else bound
    nearest = search.nearest
    better = nearest != now
    return Way(
        *(key, title, words(now), None, most_tried),
        times=None,
        verdict=tried[nearest].verdict,
        bound=bound,
        least=least_tried,
        nearest=words(nearest) if better else "",
        fewest=float(tried[nearest].all_failures) if better else None,
    )


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
    first = ""
    if usual := before.metrics["calm_failures"]:
        first = f"{counted(usual, 'request')} fail on a calm day already, without the scenario. "
    best = next((way for way in ways if way.after is not None), None)
    if best is not None:
        said = f"{first}Set {best.key} to {best.after} instead of {best.before}. {best.verdict}"
        if best.fails_beyond:
            said += (
                f" That is a narrow fit: at {best.fails_beyond} it does not survive, so that a "
                "load that is a little different may not either."
            )
        return said
    tried = "; ".join(f"{way.key} up to {way.most} ({way.bound})" for way in ways)
    less = "less traffic, single flight across the workers, or a database that is faster"
    said = f"{first}The size of no stage by itself is enough: {tried}."
    better = [way for way in ways if way.fewest is not None]
    if better:
        way = min(better, key=lambda each: each.fewest or 0.0)
        lost, now = way.fewest or 0.0, before.all_failures
        said += (
            f" Nearest is {way.key} at {way.nearest}, where {counted(lost, 'request')} would fail "
            f"instead of {counted(now, 'request')}."
        )
    else:
        said += " No value that was tried lets fewer requests fail."
    return f"{said} What may help: {less}."
