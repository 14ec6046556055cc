"""`perflab apply` on a real server: preview, question, watch, and the old values back."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
import redis

from perflab.servers.redis.server import RedisServer

ZIPF = "zipf:skew=0.9,keys=500,requests=5k,seed=1"
OLD = {"maxmemory": "0", "maxmemory-policy": "noeviction", "maxmemory-samples": "5"}
NEW = {"maxmemory": "33554432", "maxmemory-policy": "allkeys-lru", "maxmemory-samples": "5"}
PATIENCE = 60.0


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url, decode_responses=True) as opened:
        for name, value in OLD.items():
            opened.config_set(name, value)
        opened.flushall()
        yield opened
        opened.execute_command("ACL", "SETUSER", "default", "+@all")


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


@pytest.fixture
def command(folders, tmp_path, capsys):
    """Run the command in this process, with agreements of this test alone."""
    from perflab.cli import main

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def result(command, tmp_path):
    path = tmp_path / "redis.json"
    options = ("-w", ZIPF, "--set", "maxmemory=32MiB", "--out", path)
    assert command("predict", "redis_cache", *options)[0] == 0
    return path


def values(client):
    return {name: client.config_get(name)[name] for name in OLD}


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


INTERRUPTS = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
"""A shell's background jobs ignore Ctrl-C, and so would all that they start."""


def started(server, result):
    """Run the command in a process of its own, which watches for ten minutes."""
    watch = ("--watch", "memory_bytes<=1GiB", "--seconds", "10m")
    return subprocess.Popen(
        [sys.executable, "-m", "perflab", "apply", result, "--to", server.url, "--yes", *watch],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **INTERRUPTS,
    )


def test_values_are_shown_set_and_undone(command, server, client, result, tmp_path):
    status, out, err = command("apply", result, "--to", server.url, "--yes")
    assert status == 0, err
    assert values(client) == NEW
    rows = [line.split() for line in out.splitlines()]
    assert ["maxmemory", "no", "limit", "32", "MiB"] in rows
    assert ["maxmemory-policy", "noeviction", "allkeys-lru"] in rows
    assert "--undo" in out
    assert "last until the server restarts" in err
    status, out, _ = command("apply", result, "--to", server.url)
    assert status == 0
    assert "these values are set already" in out
    found = json.loads(command("doctor", "--offline", "--json")[1])["findings"]
    (kept,) = [each for each in found if each["group"] == "applied"]
    assert kept["text"].startswith("maxmemory, maxmemory-policy, set just now; give back with ")
    undo = shlex.split(kept["text"].partition("with '")[2][:-1])
    damaged = tmp_path / "state" / "applied" / "2999.json"
    damaged.write_text("{")
    assert "is damaged" in command("doctor", "--offline")[1]
    assert undo[:3] == ["perflab", "apply", "--undo"]
    status, out, err = command(*undo[1:])
    assert status == 0, err
    assert "no limit" in out
    assert values(client) == OLD
    assert "is damaged" in command("apply", "--undo")[2]
    damaged.unlink()
    assert command("apply", "--undo")[0] == 2
    assert "applied" not in command("doctor", "--offline")[1]


def test_without_a_terminal_and_yes_nothing_is_set(command, server, client, result):
    status, out, err = command("apply", result, "--to", server.url)
    assert status == 2
    assert "nothing was set; agree with --yes" in err
    assert "32 MiB" in out
    assert values(client) == OLD


@pytest.mark.parametrize("agreed", [True, False])
def test_on_a_terminal_it_asks(command, server, client, result, monkeypatch, agreed):
    monkeypatch.setattr(sys, "stdin", Terminal("y\n" if agreed else "n\n"))
    status, _, err = command("apply", result, "--to", server.url)
    assert "[y/N]" in err
    assert status == (0 if agreed else 2)
    assert values(client) == (NEW if agreed else OLD)


@pytest.mark.parametrize(
    ("meanwhile", "message"),
    [
        (lambda client: client.config_set("maxmemory", "99999999"), "has other values now"),
        (lambda client: client.set("large", b"x" * 40_000_000), "would evict"),
    ],
)
def test_what_changes_while_it_asks_is_not_set_over(
    command, server, client, result, monkeypatch, meanwhile, message
):
    class Slow(Terminal):
        def readline(self):
            meanwhile(client)
            self.found = values(client)
            return "y\n"

    asked = Slow()
    monkeypatch.setattr(sys, "stdin", asked)
    status, _, err = command("apply", result, "--to", server.url)
    assert status == 2
    assert message in err
    assert values(client) == asked.found
    assert command("apply", "--undo")[0] == 2


def test_an_agreement_is_for_these_values_alone(command, server, client, result):
    assert command("apply", result, "--to", server.url, "--yes")[0] == 0
    assert command("apply", "--undo")[0] == 0
    assert command("apply", result, "--to", server.url)[0] == 0
    assert command("apply", "--undo")[0] == 0
    client.config_set("maxmemory", "99999999")
    assert command("apply", result, "--to", server.url)[0] == 2


@pytest.mark.parametrize("times", range(3))
def test_a_broken_limit_gives_the_old_values_back(command, server, client, result, times):
    watch = ("--watch", "memory_bytes<=1KiB", "--watch", "hit_rate>=0")
    status, _, err = command("apply", result, "--to", server.url, "--yes", *watch)
    assert status == 1
    assert "'memory_bytes<=1KiB' is broken: memory_bytes was 1" in err
    assert "the old values are back" in err
    assert values(client) == OLD
    assert command("apply", "--undo")[0] == 2


def test_limits_that_hold_keep_the_values(command, server, client, result):
    watch = ("--watch", "memory_bytes<=1GiB", "--watch", "hit_rate>=0.5", "--seconds", "1")
    options = ("--yes", "--json", *watch)
    status, out, err = command("apply", result, "--to", server.url, *options)
    assert status == 0, err
    said = json.loads(out)
    assert (said["outcome"], said["broken"]) == ("applied", None)
    assert said["metrics"]["memory_bytes"] > 0
    assert said["unmeasured"] == ["hit_rate>=0.5"]
    assert "'hit_rate>=0.5' could not be watched" in err
    assert values(client) == NEW


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (("memory_bytes<=1GiB",), "set, and all limits held; "),
        (("memory_bytes<=1GiB", "hit_rate>=0.5"), "set, and the limits that could be watched held"),
        (("hit_rate>=0.5",), "set; "),
    ],
)
def test_only_limits_that_were_measured_held(command, server, client, result, limits, said):
    watch = [word for limit in limits for word in ("--watch", limit)]
    status, out, _ = command("apply", result, "--to", server.url, "--yes", "--seconds", "1", *watch)
    assert status == 0
    assert f"maxmemory, maxmemory-policy: {said}" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_meanwhile_gives_the_old_values_back(server, client, result, number):
    process = started(server, result)
    wait_for(lambda: values(client) == NEW or process.poll() is not None)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    wait_for(lambda: values(client) == OLD)
    assert process.returncode == (130 if number == signal.SIGINT else -number), err
    assert "Traceback" not in err


def test_what_somebody_else_changed_is_said_and_left_alone(command, server, client, result):
    assert command("apply", result, "--to", server.url, "--yes")[0] == 0
    client.config_set("maxmemory", "99999999")
    status, _, err = command("apply", "--undo")
    assert status == 1
    assert "somebody else changed it" in err
    assert values(client) == {**OLD, "maxmemory": "99999999"}
    assert command("apply", "--undo", "--force")[0] == 0
    assert values(client) == OLD


def test_entries_are_not_evicted_without_a_word(command, server, client, result):
    client.set("large", b"x" * 40_000_000)
    status, _, err = command("apply", result, "--to", server.url, "--yes")
    assert status == 2
    assert "would evict" in err
    assert values(client) == OLD
    assert client.dbsize() == 1
    assert command("apply", result, "--to", server.url, "--yes", "--force")[0] == 0


def test_only_one_parameter_is_set(command, server, client, result):
    only = ("--only", "maxmemory-policy")
    assert command("apply", result, "--to", server.url, "--yes", *only)[0] == 0
    assert values(client) == {**OLD, "maxmemory-policy": "allkeys-lru"}
    assert command("apply", result, "--to", server.url, "--only", "x")[0] == 2


def test_a_server_that_refuses_names_the_right(command, server, client, result):
    client.execute_command("ACL", "SETUSER", "default", "-config|set")
    status, _, err = command("apply", result, "--to", server.url, "--yes")
    assert status == 2
    assert err.count("error:") == 1
    assert "ACL SETUSER <user> +config|get +config|set" in err
    assert values(client) == OLD


def test_the_server_of_the_variable_is_taken(command, server, client, result, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
    assert command("apply", result, "--yes")[0] == 0
    assert values(client) == NEW
    assert command("apply", "--undo")[0] == 0
    assert values(client) == OLD


def test_a_result_of_another_pattern_is_refused(command, server, tmp_path):
    path = tmp_path / "cache.json"
    assert command("predict", "cache", "-w", ZIPF, "--out", path)[0] == 0
    status, _, err = command("apply", path, "--to", server.url, "--yes")
    assert status == 2
    assert "cache sets no parameters of a Redis" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "http://x"), "is not a valid address of a Redis server"),
        (("--to", "redis://127.0.0.1:1"), "connection refused"),
        ((), "name the server"),
        (("--to", "redis://x", "--seconds", "5"), "applies only to --watch"),
        (("--to", "redis://x", "--watch", "nonsense"), "is not an alert"),
        (("--to", "redis://x", "--watch", "wait_seconds_p95<1"), "is not watched"),
        (
            ("--to", "redis://x", "--watch", "hit_rate>=0.8 for 2m"),
            "hit_rate>=0.8 for 2m: may be broken for 2 min, and is watched for 1 min only",
        ),
        (("--undo",), "does not go with --undo"),
    ],
)
def test_bad_input_is_one_line(command, result, options, message):
    status, out, err = command("apply", result, *options)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_password_is_not_shown(command, result):
    _, out, err = command("apply", result, "--to", "redis://me:hush@127.0.0.1:1", "--yes")
    assert "hush" not in out + err


def test_it_runs_as_a_module_without_a_result(folders):
    done = subprocess.run(
        [sys.executable, "-m", "perflab", "apply"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == 2
    assert "name a result, or --undo" in done.stderr
