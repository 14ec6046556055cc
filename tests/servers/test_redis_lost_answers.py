"""Parameters of a real server that answers late, not at all, or not any more: all come back."""

import contextlib
import importlib.util
import sys
import time
from pathlib import Path

import pytest
import redis

from perflab.errors import BadInputError
from perflab.lab.alerts import parse_alert
from perflab.servers.last_command import LastCommand
from perflab.servers.redis.applying import (
    WATCHED,
    Application,
    Parameters,
    latest,
    undo,
    watch,
)
from perflab.servers.redis.applying.journal import entries
from perflab.servers.redis.server import RedisServer

# The workers of xdist have neither this folder nor the root on their path.
SPEC = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
hostile = sys.modules["hostile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(hostile)

WANTED = {"maxmemory-policy": "allkeys-lfu", "maxmemory-samples": "7"}
OLD = {"maxmemory-policy": "noeviction", "maxmemory-samples": "5"}
PATIENCE = 60.0


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_STATE_DIR", str(tmp_path))


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url, decode_responses=True) as opened:
        for name, value in OLD.items():
            opened.config_set(name, value)
        yield opened
        opened.execute_command("ACL", "SETUSER", "default", "+@all")


@pytest.fixture
def asked(server, tmp_path):
    """What becomes of each CONFIG SET in turn, and the address at which it does."""
    fates = []

    def becomes(data):
        is_set = b"CONFIG" in data and b"SET" in data
        return fates.pop(0) if fates and is_set else "answers"

    path = Path(server.url.removeprefix("unix://"))
    with hostile.between(path, tmp_path / "s", becomes) as address:
        yield fates, f"unix://{address}"


class Limit:
    def __init__(self, text):
        alert = parse_alert(text)
        self.text, self.metric = alert.text, alert.condition.metric
        self.seconds, self.holds = alert.seconds, alert.condition.holds


@pytest.fixture
def info(monkeypatch):
    """Let the INFO of an application go through a function."""

    def through(application, change):
        client = application.parameters.client
        real = client.info
        monkeypatch.setattr(client, "info", lambda: change(real()))

    return through


@pytest.fixture
def apply():
    with contextlib.ExitStack() as stack:

        def start(url):
            application = Application(url, "--to")
            stack.callback(application.close)
            return application, application.plan(WANTED)

        yield start


def values(client):
    return {name: client.config_get(name)[name] for name in OLD}


def wait_for(condition, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_was_set_without_an_answer_is_set_back(client, asked, apply):
    fates, url = asked
    application, plan = apply(url)
    fates += ["answers", "unanswered"]
    with pytest.raises(BadInputError, match=r"did not answer.*; the old values are back$"):
        application.start(plan)
    assert values(client) == OLD
    assert entries() == ([], [])


def test_what_may_be_set_stays_written_down_and_is_tried_again(server, client, asked, apply):
    fates, url = asked
    application, plan = apply(url)
    fates += ["unanswered", *["lost"] * 1000]
    with pytest.raises(BadInputError) as raised:
        application.start(plan)
    assert "it is not known whether maxmemory-policy was set. It is tried" in str(raised.value)
    assert "nothing is changed" not in str(raised.value)
    assert values(client) == {**OLD, "maxmemory-policy": "allkeys-lfu"}
    assert undo(Parameters(server.url, "--to"), latest()).others == ()
    assert values(client) == OLD
    assert entries() == ([], [])


def test_what_may_be_set_is_given_back_by_a_process_of_its_own(client, asked, apply):
    fates, url = asked
    application, plan = apply(url)
    fates += ["unanswered", *["lost"] * 1000]
    with pytest.raises(BadInputError, match="it is not known"):
        application.start(plan)
    fates.clear()
    wait_for(lambda: values(client) == OLD and entries() == ([], []))


def test_an_interrupt_while_values_are_set_leaves_nothing(client, apply, server, monkeypatch):
    application, plan = apply(server.url)

    def interrupted(changes):
        client.config_set("maxmemory-policy", "allkeys-lfu")
        raise KeyboardInterrupt

    monkeypatch.setattr(application.parameters, "set_all", interrupted)
    with pytest.raises(KeyboardInterrupt) as raised:
        application.start(plan)
    assert "It is tried for two more minutes" in raised.value.__notes__[0]
    wait_for(lambda: values(client) == OLD and entries() == ([], []))


def test_what_cannot_be_given_back_is_tried_on_while_this_process_lives(client, apply, server):
    application, plan = apply(server.url)
    application.start(plan)
    client.execute_command("ACL", "SETUSER", "default", "-config|set")
    with pytest.raises(BadInputError, match="grant it"):
        application.give_back()
    assert values(client) == WANTED
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    wait_for(lambda: values(client) == OLD and entries() == ([], []))


def test_where_no_process_can_try_on_the_command_that_can_is_named(
    client, apply, server, monkeypatch
):
    def killed(self):
        raise BadInputError("ends at once", "keeper")

    application, plan = apply(server.url)
    application.start(plan)
    monkeypatch.setattr(LastCommand, "begin", killed)
    client.execute_command("ACL", "SETUSER", "default", "-config|set")
    with pytest.raises(BadInputError, match="grant it"):
        application.give_back()
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert application.next_step.startswith("Run 'perflab apply --undo'")
    assert undo(Parameters(server.url, "--to"), latest()).others == ()
    assert values(client) == OLD


def test_a_server_whose_info_takes_long_is_watched(client, apply, server, info):
    def slow(said):
        time.sleep(1.2)
        return said

    application, _ = apply(server.url)
    info(application, slow)
    found = watch(application.parameters, [Limit("latency_seconds_mean<=1 for 1s")], 1.3)
    assert (found.broken, found.unmeasured) == (None, ())


@pytest.mark.parametrize(
    ("field", "metrics"),
    [
        ("keyspace_hits", {"hits", "hit_rate"}),
        ("keyspace_misses", {"misses", "hit_rate"}),
        ("evicted_keys", {"evictions"}),
        ("used_memory", {"memory_bytes"}),
        ("total_commands_processed", {"throughput_per_second"}),
    ],
)
def test_what_info_leaves_out_is_not_measured(client, apply, server, info, field, metrics):
    application, _ = apply(server.url)
    info(application, lambda said: {key: said[key] for key in said if key != field})
    limits = [Limit(f"{name}>=0") for name in WATCHED]
    found = watch(application.parameters, limits, 3)
    assert found.broken is None
    # No lookups were made.
    assert set(found.unmeasured) == {f"{name}>=0" for name in metrics | {"hit_rate"}}


def test_a_limit_that_is_broken_at_the_end_is_followed_for_its_time(client, apply, server):
    application, _ = apply(server.url)
    found = watch(application.parameters, [Limit("memory_bytes<=1KiB for 1s")], 0.5)
    assert found.broken.limit == "memory_bytes<=1KiB for 1s"
    assert found.broken.seconds >= 1


def test_a_limit_that_is_broken_at_the_end_may_hold_again(client, apply, server):
    application, _ = apply(server.url)
    limit = Limit("memory_bytes<=1KiB for 30s")
    seen = []
    limit.holds = lambda value: seen.append(value) or len(seen) > 5
    found = watch(application.parameters, [limit], 0.1)
    assert found.broken is None
    assert len(seen) == 6


def test_a_broken_limit_without_a_value_any_more_stays_broken(client, apply, server, info):
    looks = []

    def forgetful(said):
        looks.append(said)
        return said if len(looks) == 1 else {**said, "used_memory": None}

    application, _ = apply(server.url)
    info(application, forgetful)
    found = watch(application.parameters, [Limit("memory_bytes<=1KiB for 1s")], 0.1)
    assert found.broken.value > 1024


def test_a_server_that_falls_silent_at_the_end_is_not_taken_for_well(
    client, apply, server, monkeypatch
):
    application, _ = apply(server.url)
    pings = []

    def ping():
        pings.append(1)
        if len(pings) > 4:
            raise redis.TimeoutError

    monkeypatch.setattr(application.parameters.client, "ping", ping)
    found = watch(application.parameters, [Limit("memory_bytes<=1GiB")], 0.3)
    assert found.broken.value is None
