"""`play`: a service through a scenario, beside a calm day."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.service.flow import Flows
from perflab.service.incoming import Incoming, incoming
from perflab.service.predict import calibrations_of, costs_in
from perflab.service.scenarios.feedback import Chain, as_loaded, chain_of
from perflab.service.scenarios.kinds import read_scenario
from perflab.service.scenarios.outcome import ScenarioOutcome, judged
from perflab.service.scenarios.windows import Windows, edges_of, windows_of
from perflab.units import in_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.service.layout import ServiceLayout
    from perflab.service.scenarios.base import Scenario
    from perflab.service.scenarios.together import Together

_PREDICTED = (
    "this is predicted, from the costs of each stage by itself; no run of the whole service has "
    "shown it"
)


def play(
    service: ServiceLayout,
    workload: object = None,
    scenario: str | Sequence[str] | Scenario | Together = "redis-down",
    clients: npt.ArrayLike | None = None,
    *,
    retries: int = 0,
) -> ScenarioOutcome:
    """Return what becomes of a service when something happens.

    Answers feed back here: requests of one key join or load at once, connections are waited for,
    given up and asked for again, and what is lost must be loaded.

    Args:
        service: The service.
        workload: As `Service.predict` takes it.
        scenario: What happens, such as ``redis-down:at=60,seconds=10``; several are joined by
            ``+``, or in a list; or one that the service's file names.
        clients: For the spread ``sticky``, whose each request is.
        retries: How often a request that got no connection is tried again, at once.

    Raises:
        BadInputError: If the workload, scenario or service is not right, or the scenario begins
            after the workload's end.
    """
    came = incoming(service, workload, clients)
    chosen = read_scenario(scenario, service.scenarios)
    return play_on(service, came, chosen, retries=retries)


def play_on(
    service: ServiceLayout,
    came: Incoming,
    scenario: Scenario | Together,
    *,
    retries: int = 0,
    flows: Flows | None = None,
) -> ScenarioOutcome:
    """Return what `play` does, of requests that are read already.

    Args:
        service: The service.
        came: Its requests.
        scenario: What happens.
        retries: How often a request that got no connection is tried again.
        flows: What is known of these requests in such services, to which it adds.
    """
    begins, ends = scenario.begins(came), scenario.ends(came)
    said = scenario.check([stage.place for stage in service.stages])
    flows = flows or flows_of(service, came)
    ready = chain_of(service, came, flows, retries=retries)
    edges = edges_of(came.requests.times)
    if ends > edges[-1]:
        said = (*said, _outlasting(ends, float(edges[-1])))
    # Both are followed at once: they differ in what happens alone.
    with ThreadPoolExecutor(1) as aside:
        told = (service.stages, service.settings, retries)
        calm_day = aside.submit(flows.calm.answer, told, partial(_calm, ready, came, edges))
        then = played(ready, scenario, came, edges)
        calm = calm_day.result()
    metrics, survived = judged(then, calm, begins, ends)
    return ScenarioOutcome(
        scenario=scenario.spec,
        title=scenario.title,
        workload=workload_summary(came.workload),
        settings=service.shown(),
        begins=begins,
        ends=ends,
        metrics=metrics,
        windows=then.columns(),
        calm=calm.columns(),
        survived=survived,
        remarks=(*said, *ready.remarks, _PREDICTED),
        environment=environment(),
    )


def _outlasting(ends: float, last: float) -> str:
    """Return what a reader must know of a cause that is over after the workload, in words.

    Args:
        ends: When the cause is over, in seconds.
        last: When the workload ends.
    """
    return (
        f"its cause is over after {in_words(ends, 'seconds')}, but the workload ends after "
        f"{in_words(last, 'seconds')}: what comes then is not seen; take a longer workload"
    )


def flows_of(service: ServiceLayout, came: Incoming) -> Flows:
    """Return what tells how requests flow without feedback, at the costs of this machine."""
    return Flows(came, costs_in(calibrations_of(service), service))


def played(
    ready: Chain, scenario: Scenario | Together, came: Incoming, edges: npt.NDArray[np.float64]
) -> Windows:
    """Return what a service does through a scenario, in windows."""
    # What was written of a key is loaded under its other name, and by a crowd, too.
    written = dataclasses.replace(came, requests=as_loaded(came.requests))
    changed = scenario.arriving(written)
    found = ready.follow(changed, scenario.happenings(came))
    return windows_of(changed.requests.times, ready.behind(found), edges)


def _calm(ready: Chain, came: Incoming, edges: npt.NDArray[np.float64]) -> Windows:
    """Return what a service does where nothing happens, in windows."""
    return windows_of(came.requests.times, ready.behind(ready.follow(came, [])), edges)
