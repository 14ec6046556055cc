"""Services with outgoing calls, or a client in front, against plain Python, request for request."""

import numpy as np
import pytest

from perflab import Service, Trace
from perflab.patterns.async_io.model.calls import CHANCES, call_links
from perflab.patterns.async_io.model.own import service_times
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.metrics import database_metrics, service_metrics, stage_metrics
from perflab.service.predict import calibrations_of, costs_in, prediction_of
from tests.helpers.plain_moments import Moments, Places
from tests.service.test_plain_chain import COSTS, Lru, constant

DRAW = np.random.default_rng(5)
COUNT = 2000
KEYS = (DRAW.zipf(1.15, COUNT) % 600).astype(np.int64)
TIMES = np.cumsum(DRAW.exponential(0.003, COUNT))
TRACE = Trace.from_keys(KEYS, TIMES)
SINCE = (TIMES - TIMES[0]).tolist()
QUERY = 0.02
POOL = {"min_connections": 2, "max_connections": 2, "timeout": 60}
CALL = {"latency_seconds": 0.05, "max_concurrent": 20, "retries": 0, "timeout": 5}
FRONT = {"role": "front", "max_concurrent": 20, "timeout": 60, "retries": 0}


def followed(values):
    service = Service.from_mapping(values)
    came = incoming(service, TRACE)
    pool = {
        "service": {"1": constant(QUERY)},
        "usl": {"rate": 1 / QUERY, "contention": 0.0, "coherency": 0.0},
    }
    costs = {**costs_in(calibrations_of(service), service), **COSTS, "connection_pool": pool}
    return service, came, costs, Flows(came, costs).through(service)


class Calls:
    """The calls of all workers to one server."""

    def __init__(self, moments, service, links, done):
        self.moments, self.done = moments, done
        self.links, self.settings = links, service.stage("async_io").settings
        self.seconds = service_times(self.settings, 0)
        self.chances = np.random.default_rng(0).random(CHANCES)
        workers = range(service.settings.processes)
        self.slots = [Places(moments, self.settings.max_concurrent) for _ in workers]
        self.server = Places(moments, self.settings.capacity or COUNT * 4)
        self.sent, self.gate = 0, 0.0

    def ask(self, request, worker):
        self.slots[worker].take(lambda: self._send(request, worker, 0))

    def _send(self, request, worker, before):
        Try(self, request, worker, before)


class Try:
    """One try of one call, which is over once."""

    def __init__(self, calls, request, worker, before):
        self.calls, self.of, self.before = calls, (request, worker), before
        self.number, calls.sent = calls.sent, calls.sent + 1
        self.open, self.there = True, False
        moments = calls.moments
        calls.gate = max(moments.now, calls.gate) + calls.links["call_gate_seconds"]
        moments.at(calls.gate, self.reach)
        moments.after(calls.settings.timeout, self.give_up)

    def reach(self):
        server, settings = self.calls.server, self.calls.settings
        if self.open and not server.free and len(server.line) >= settings.server_queue:
            self.calls.moments.after(self.calls.links["call_delay"], self.over, False)
        elif self.open:
            server.take(self.work)

    def work(self):
        self.there, seconds = True, self.calls.seconds
        self.calls.moments.after(seconds[self.number % len(seconds)], self.served)

    def served(self):
        if self.there:
            self.leave()
            self.calls.moments.after(self.calls.links["call_delay"], self.over, True)

    def leave(self):
        if self.there:
            self.there = False
            self.calls.server.give()

    def give_up(self):
        line = self.calls.server.line
        if self.work in line:
            line.remove(self.work)
        self.leave()
        self.over(False)

    def over(self, well):
        if not self.open:
            return
        self.open = False
        calls, (request, worker) = self.calls, self.of
        if not well and self.before < calls.settings.retries:
            pause = calls.settings.backoff_seconds * 2**self.before
            share = calls.chances[(2 * self.number + 1) % CHANCES]
            calls.moments.after(pause * share, calls._send, request, worker, self.before + 1)
            return
        calls.slots[worker].give()
        calls.done(request, well)


def called_in_turn(service, came, costs):
    """Return what each request takes through a cache, calls and a pool, and which failed."""
    moments, workers = Moments(), came.workers.tolist()
    spent, failed = np.zeros(COUNT), np.zeros(COUNT, bool)
    cache = service.stage("cache").settings
    held = [Lru(cache.max_cache_size, cache.ttl_seconds) for _ in range(came.processes)]
    asking = []
    for place, (key, now) in enumerate(zip(KEYS.tolist(), SINCE, strict=True)):
        spent[place] = 2e-6
        if not held[workers[place]].hits(key, now):
            asking.append(place)
    pools = [Places(moments, POOL["max_connections"]) for _ in range(came.processes)]

    def answered(place, well):
        spent[place] += moments.now - SINCE[place]
        if not well:
            failed[place] = True
        elif service.pool:
            came_at = moments.now

            def connected():
                spent[place] += moments.now - came_at + QUERY
                moments.after(QUERY, pools[workers[place]].give)

            pools[workers[place]].take(connected)

    asked = [SINCE[place] for place in asking]
    rate = len(asked) / (asked[-1] - asked[0])
    settings = service.stage("async_io").settings
    links = call_links(settings, costs["async_io"], rate, came.processes)
    calls = Calls(moments, service, links, answered)
    for place in asking:
        moments.at(SINCE[place], calls.ask, place, workers[place])
    moments.run()
    return spent, failed


@pytest.mark.parametrize(
    ("values", "call", "pool"),
    [
        ({"workers": 3, "spread": "key_hash"}, {"max_concurrent": 2}, True),
        ({"workers": 3, "spread": "sticky"}, {"capacity": 4, "server_queue": 2}, False),
        (
            {"workers": 2, "replicas": 2, "spread": "sticky", "clients": 9},
            {"capacity": 7, "timeout": 0.08, "retries": 2, "backoff_seconds": 0.03},
            True,
        ),
        (
            {"workers": 2},
            {"latency_shape": "exponential", "capacity": 9, "timeout": 0.12, "retries": 1},
            True,
        ),
    ],
)
def test_calls_behind_a_cache_are_those_of_plain_python(values, call, pool):
    stages = {"cache": {"max_cache_size": 25, "ttl_seconds": 3}, "async_io": {**CALL, **call}}
    if pool:
        stages["connection_pool"] = POOL
    service, came, costs, flow = followed({**values, **stages})
    spent, failed = called_in_turn(service, came, costs)
    assert flow.latencies == pytest.approx(spent, abs=1e-7)
    assert flow.failed.tolist() == failed.tolist()
    assert failed.any() or call.keys() == {"max_concurrent"}


def sent_by_a_client(service, came):
    """Return latency and failure of each request through a client and pools, and all queries."""
    moments, workers, queries = Moments(), came.workers.tolist(), []
    front, pool = service.front.settings, service.pool.settings
    chances = np.random.default_rng(service.settings.seed).random(CHANCES)
    gate = Places(moments, front.max_concurrent)
    pools = [Places(moments, pool.max_connections) for _ in range(came.processes)]
    spent, failed = np.zeros(COUNT), np.zeros(COUNT, bool)

    def send(place, before):
        open_tries = [place]

        def over(well):
            if not open_tries:
                return
            open_tries.clear()
            if not well and before < front.retries:
                share = chances[(2 * (place + COUNT * before) + 1) % CHANCES]
                pause = front.backoff_seconds * 2**before
                moments.after(pause * share, send, place, before + 1)
                return
            spent[place], failed[place] = moments.now - SINCE[place], not well
            gate.give()

        def queried():
            pools[workers[place]].give()
            over(True)

        def connected():
            queries.append(moments.now)
            moments.after(QUERY, queried)

        moments.after(front.timeout, over, False)
        pools[workers[place]].take(connected, pool.timeout, lambda: over(False))

    for place, moment in enumerate(SINCE):
        moments.at(moment, gate.take, lambda place=place: send(place, 0))
    moments.run()
    return spent, failed, queries


@pytest.mark.parametrize(
    ("spread", "client", "timeout"),
    [
        ("key_hash", {}, 60),
        ("round_robin", {"max_concurrent": 4}, 60),
        ("sticky", {"max_concurrent": 60, "timeout": 0.05, "retries": 2}, 60),
        ("sticky", {"max_concurrent": 60, "timeout": 5, "retries": 2}, 0.02),
    ],
)
def test_a_client_in_front_sends_what_one_of_plain_python_sends(spread, client, timeout):
    pool = {**POOL, "timeout": timeout}
    service, came, _, flow = followed(
        {
            "workers": 4,
            "spread": spread,
            "clients": 50,
            "async_io": {**FRONT, **client},
            "connection_pool": pool,
        }
    )
    spent, failed, queries = sent_by_a_client(service, came)
    assert flow.latencies == pytest.approx(spent, abs=1e-7)
    assert flow.failed.tolist() == failed.tolist()
    database = database_metrics(flow)
    assert database["requests"] == len(queries), "a try that was given up is a query, too"
    rate = len(queries) / max(came.seconds, queries[-1])
    assert database["requests_per_second"] == pytest.approx(rate)
    assert service_metrics(flow, service.settings, 8)["database_per_second"] == pytest.approx(rate)
    most = min(8, service.front.settings.max_concurrent) if not failed.any() else 8
    assert database["in_use"] <= most * (1 + 1e-9)
    shares = [stage_metrics(flow, here)["latency_share"] for here in flow.stages]
    assert min(shares) >= 0
    assert sum(shares) + database["latency_share"] == pytest.approx(1)


def test_what_does_not_keep_up_is_a_warning():
    slow = {"workers": 2, "connection_pool": {**POOL, "max_connections": 1, "min_connections": 1}}
    service, _, _, flow = followed(slow)
    found = prediction_of(service, flow, calibrations_of(service))
    assert found.row("database").metrics["in_use"] <= 2
    assert any("connection_pool does not keep up" in said for said in found.warnings)
    enough = followed({**slow, "connection_pool": {**POOL, "max_connections": 9}})
    assert prediction_of(enough[0], enough[3], calibrations_of(service)).warnings == ()
    # A timeout bounds the waits, and what it costs is counted as failures.
    short = followed({**slow, "connection_pool": {**POOL, "max_connections": 1, "timeout": 0.5}})
    assert short[3].failed.any()
    assert prediction_of(short[0], short[3], calibrations_of(service)).warnings == ()
