"""Parameters of a real server: set, refused, given back, and changed by somebody else."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

from perflab.errors import BadInputError
from perflab.lab.alerts import parse_alert
from perflab.servers.redis.applying import (
    WATCHED,
    Application,
    Change,
    Parameters,
    latest,
    undo,
    watch,
)
from perflab.servers.redis.applying.journal import entries, write_down
from perflab.servers.redis.applying.parameters import evicted_at_once, ordered
from perflab.servers.redis.server import RedisServer

WANTED = {"maxmemory": "33554432", "maxmemory-policy": "allkeys-lfu", "maxmemory-samples": "7"}
OLD = {"maxmemory": "0", "maxmemory-policy": "noeviction", "maxmemory-samples": "5"}
PATIENCE = 60.0

KILLED = """\
import os, signal, sys
from perflab.servers.redis.applying import Application
application = Application(sys.argv[1], "--to")
application.start(application.plan({wanted!r}))
print("set", flush=True)
sys.stdin.read()
"""


class Limit:
    def __init__(self, text):
        alert = parse_alert(text)
        self.text, self.metric = alert.text, alert.condition.metric
        self.seconds, self.holds = alert.seconds, alert.condition.holds


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url, decode_responses=True) as opened:
        for name, value in OLD.items():
            opened.config_set(name, value)
        opened.flushall()
        yield opened
        opened.execute_command("ACL", "SETUSER", "default", "+@all")


@pytest.fixture
def application(server):
    made = Application(server.url, "--to")
    yield made
    made.close()


def values(client):
    return {name: client.config_get(name)[name] for name in OLD}


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_values_are_set_and_given_back_later(server, client, application, state):
    plan = application.plan(WANTED)
    assert {change.name: change.before for change in plan.changes} == OLD
    application.start(plan)
    assert values(client) == WANTED
    application.keep()
    (kept,) = (state / "applied").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    entry = latest()
    assert entry.address == plan.address
    found = undo(Parameters(server.url, "--to"), entry)
    assert found.others == ()
    assert values(client) == OLD
    assert entries() == ([], [])


def test_what_is_the_same_already_is_not_set(client, application):
    client.config_set("maxmemory-samples", "7")
    plan = application.plan(WANTED)
    assert plan.same == ("maxmemory-samples",)
    assert [change.name for change in plan.changes] == ["maxmemory", "maxmemory-policy"]


def test_a_refusal_half_way_sets_back_what_was_set(client, application):
    plan = application.plan({**WANTED, "maxmemory-policy": "no-such-policy"})
    with pytest.raises(BadInputError, match=r"refuses CONFIG SET maxmemory-policy.*nothing is ch"):
        application.start(plan)
    assert values(client) == OLD
    assert entries() == ([], [])


def test_the_last_of_several_applications_is_undone_first(server, client, application):
    for most in ("33554432", "67108864"):
        application.start(application.plan({"maxmemory": most}))
        application.keep()
    for expected in ("33554432", "0"):
        undo(Parameters(server.url, "--to"), latest())
        assert values(client)["maxmemory"] == expected


def test_what_somebody_else_changed_is_left_alone(server, client, application):
    application.start(application.plan(WANTED))
    application.keep()
    client.config_set("maxmemory", "99999999")
    entry = latest()
    found = undo(Parameters(server.url, "--to"), entry)
    assert [(each.name, each.after) for each in found.others] == [("maxmemory", "99999999")]
    assert values(client) == {**OLD, "maxmemory": "99999999"}
    assert undo(Parameters(server.url, "--to"), latest(), force=True).others == ()
    assert values(client) == OLD


def test_who_may_not_set_is_told_the_right_to_grant(client, application):
    client.execute_command("ACL", "SETUSER", "default", "-config|set")
    plan = application.plan(WANTED)
    with pytest.raises(
        BadInputError, match=r"does not let this user run CONFIG SET.*\+config\|set"
    ):
        application.start(plan)
    client.execute_command("ACL", "SETUSER", "default", "-config|get")
    with pytest.raises(BadInputError, match=r"run CONFIG GET.*\+config\|get"):
        application.plan(WANTED)
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert values(client) == OLD
    assert entries() == ([], [])


def test_a_right_that_is_lost_meanwhile_keeps_the_old_values_written_down(client, application):
    application.start(application.plan(WANTED))
    client.execute_command("ACL", "SETUSER", "default", "-config|set")
    with pytest.raises(BadInputError, match="grant it"):
        application.give_back()
    assert len(entries()[0]) == 1
    client.execute_command("ACL", "SETUSER", "default", "+@all")
    application.give_back()
    assert values(client) == OLD


def test_a_managed_server_has_no_config(tmp_path):
    """Managed services take the command away, as ``rename-command`` does."""
    from perflab.servers.redis.server import server_program

    address = tmp_path / "s"
    conf = tmp_path / "redis.conf"
    conf.write_text(f'port 0\nunixsocket {address}\nsave ""\nrename-command CONFIG ""\n')
    command = [server_program()[0], str(conf), "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: address.exists() or process.poll() is not None)
            application = Application(f"unix://{address}", "--to")
            with pytest.raises(BadInputError, match="has no CONFIG, which is renamed"):
                application.plan(WANTED)
            application.close()
        finally:
            process.kill()


def test_a_limit_below_what_is_in_use_is_refused(client, application):
    client.set("large", b"x" * 40_000_000)
    evicting = application.plan(WANTED)
    with pytest.raises(BadInputError, match=r"would evict .* of its entries at once"):
        evicting.check_room()
    refusing = application.plan({"maxmemory": "33554432"})
    with pytest.raises(BadInputError, match="would refuse all writes"):
        refusing.check_room()
    application.plan({"maxmemory": "999999999"}).check_room()
    application.plan({"maxmemory-samples": "7"}).check_room()


@pytest.mark.parametrize("times", range(3))
def test_a_process_that_is_killed_gives_the_old_values_back(server, client, state, times):
    code = KILLED.format(wanted=WANTED)
    with subprocess.Popen(
        [sys.executable, "-c", code, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"set\n"
        assert values(client) == WANTED
        process.kill()
        process.wait()
        wait_for(lambda: values(client) == OLD)
    wait_for(lambda: list((state / "applied").glob("*.json")) == [])


def test_a_process_that_ends_by_an_error_gives_the_old_values_back(server, client):
    code = KILLED.format(wanted=WANTED).replace("sys.stdin.read()", "1 / 0")
    ended = subprocess.run(
        [sys.executable, "-c", code, server.url], capture_output=True, check=False, timeout=120
    )
    assert b"ZeroDivisionError" in ended.stderr
    wait_for(lambda: values(client) == OLD)


def test_the_password_is_not_written_down_and_not_shown(server, client, state):
    client.execute_command("ACL", "SETUSER", "tuner", "on", ">hush", "~*", "&*", "+@all")
    path = server.url.removeprefix("unix://")
    code = KILLED.format(wanted=WANTED)
    url = f"unix://tuner:hush@{path}"
    with subprocess.Popen(
        [sys.executable, "-c", code.replace("sys.argv[1]", "os.environ['U']")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "U": url},
    ) as process:
        assert process.stdout.readline() == b"set\n"
        (kept,) = (state / "applied").iterdir()
        assert "hush" not in kept.read_text()
        for words in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                assert b"tuner:hush" not in words.read_bytes()
        process.kill()
        process.wait()
        wait_for(lambda: values(client) == OLD)
    client.execute_command("ACL", "DELUSER", "tuner")


def test_a_limit_that_breaks_ends_the_watch(client, application):
    found = watch(application.parameters, [Limit("memory_bytes<=1KiB")], 60)
    assert found.broken.metric == "memory_bytes"
    assert found.broken.value > 1024
    assert found.broken.seconds < 30


def test_a_limit_may_be_broken_for_its_time(client, application):
    found = watch(application.parameters, [Limit("memory_bytes<=1KiB for 1s")], 60)
    assert found.broken.seconds >= 1


def test_hit_rate_comes_from_the_lookups_of_the_watch(client, application):
    client.set("here", "1")
    over = threading.Event()

    def ask():
        with redis.Redis.from_url(client_url(client)) as own:
            while not over.wait(0.01):
                own.get("here")
                own.get("not here")

    asking = threading.Thread(target=ask)
    asking.start()
    seen = []
    try:
        found = watch(
            application.parameters,
            [Limit("hit_rate>=0"), Limit("evictions<=0")],
            2.5,
            lambda seconds, metrics: seen.append(metrics),
        )
    finally:
        over.set()
        asking.join()
    assert found.broken is None
    assert found.unmeasured == ()
    assert found.metrics["hits"] > 0
    assert abs(found.metrics["hits"] - found.metrics["misses"]) <= 1
    assert any(0 < metrics.get("hit_rate", 0) < 1 for metrics in seen)
    assert set(seen[-1]) <= set(WATCHED)


def client_url(client):
    return f"unix://{client.connection_pool.connection_kwargs['path']}"


def test_a_metric_without_a_value_is_told(client, application):
    found = watch(application.parameters, [Limit("hit_rate>=0.9")], 0.5)
    assert found.broken is None
    assert found.unmeasured == ("hit_rate>=0.9",)


def test_a_server_that_goes_away_ends_the_watch():
    with RedisServer.start() as own:
        application = Application(own.url, "--to")
        timer = threading.Timer(0.3, own.kill)
        timer.start()
        found = watch(application.parameters, [Limit("memory_bytes<=1GiB")], 60)
        timer.join()
        application.close()
    assert found.broken.limit == ""
    assert found.broken.value is None


def test_a_higher_limit_is_set_first_and_a_lower_one_last():
    policy = Change("maxmemory-policy", "noeviction", "allkeys-lru")
    up, down = Change("maxmemory", "10", "0"), Change("maxmemory", "0", "10")
    assert ordered([policy, up]) == [up, policy]
    assert ordered([down, policy]) == [policy, down]


def test_what_is_above_a_new_limit_is_counted():
    down = Change("maxmemory", "100", "10")
    assert evicted_at_once([down], {}, 25) == 15
    assert evicted_at_once([down.reversed], {}, 250) == 0
    begins = Change("maxmemory-policy", "noeviction", "allkeys-lru")
    assert evicted_at_once([begins], {"maxmemory": "10"}, 25) == 15
    assert evicted_at_once([begins], {"maxmemory": "0"}, 25) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"kind": "run"}', "is not a list of old values"),
        ('{"kind": "applied", "format": 99}', "newer perflab"),
        ('{"kind": "applied", "format": 1, "changes": 1}', "is damaged"),
    ],
)
def test_a_damaged_list_of_old_values_is_refused(state, content, message):
    (state / "applied").mkdir()
    (state / "applied" / "x.json").write_text(content)
    with pytest.raises(BadInputError, match=message):
        latest()


def test_servers_are_told_apart():
    change = (Change("maxmemory", "0", "1"),)
    write_down("redis://one:6379/0", change)
    write_down("redis://two:6379/0", change)
    with pytest.raises(BadInputError, match="several servers"):
        latest()
    assert latest("redis://one:6379/0").address == "redis://one:6379/0"
    with pytest.raises(BadInputError, match="nothing is set by perflab on redis://three"):
        latest("redis://three:6379/0")


def test_old_values_are_written_as_json_of_a_format(state):
    entry = write_down("redis://one:6379/0", (Change("maxmemory", "0", "1"),))
    kept = json.loads(entry.path.read_text())
    assert (kept["kind"], kept["format"]) == ("applied", 1)
    assert [each.name for each in (state / "applied").iterdir()] == [entry.path.name]
