from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis

from perflab.errors import BadInputError
from perflab.servers.redis.server import RedisServer, find_redis, redact

CHILD = """
import sys, time
from perflab.servers.{module} import {name}
server = {name}.start()
print(server.pid, server.{address}, flush=True)
time.sleep(60)
"""


def client(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_timeout=1)


def gone(pid: int, patience: float = 30.0) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_server_of_ours_answers_and_keeps_nothing(redis_server):
    with client(redis_server) as ask:
        assert ask.set("a", b"1")
        assert ask.config_get("save") == {"save": ""}
        assert ask.config_get("appendonly") == {"appendonly": "no"}
    assert redis_server.ours
    assert redis_server.version.split()[0] in ("Valkey", "Redis")


def test_a_killed_server_comes_back_empty_at_the_same_address(redis_server):
    with client(redis_server) as ask:
        ask.set("a", b"1")
    before = redis_server.pid
    redis_server.kill()
    assert redis_server.pid is None
    with client(redis_server) as ask, pytest.raises(redis.ConnectionError):
        ask.ping()
    redis_server.restart()
    assert redis_server.pid not in (None, before)
    with client(redis_server) as ask:
        assert ask.get("a") is None


def test_a_frozen_server_answers_nobody_until_it_is_thawed(redis_server):
    redis_server.freeze()
    with (
        redis.Redis.from_url(redis_server.url, socket_timeout=0.1) as ask,
        pytest.raises(redis.TimeoutError),
    ):
        ask.ping()
    redis_server.thaw()
    with client(redis_server) as ask:
        assert ask.ping()


def test_closing_a_server_leaves_no_process_and_no_folder():
    server = RedisServer.start()
    pid, folder = server.pid, Path(server.url.removeprefix("unix://")).parent
    assert folder.is_dir()
    server.close()
    assert gone(pid)
    assert not folder.exists()


def test_a_server_ends_with_the_process_that_started_it_even_when_that_is_killed():
    code = CHILD.format(module="redis.server", name="RedisServer", address="url")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid, url = child.stdout.readline().split()
        folder = Path(url.removeprefix("unix://")).parent
        os.kill(child.pid, signal.SIGKILL)
    assert gone(int(pid))
    until = time.monotonic() + 30
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()


def test_the_users_own_server_is_taken_and_never_killed(redis_server, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", redis_server.url)
    found = find_redis()
    assert (found.url, found.source, found.ours) == (redis_server.url, "PERFLAB_REDIS_URL", False)
    for act in (found.kill, found.restart, found.freeze, found.thaw):
        with pytest.raises(BadInputError, match="left alone"):
            act()
    found.close()
    assert redis_server.pid is not None


def test_a_password_is_not_shown():
    assert redact("redis://me:secret@host:6379/0") == "redis://***@host:6379/0"
    assert redact("redis://:secret@host") == "redis://***@host"
    assert redact("postgresql://u:s%40x@h/db?password=secret") == "postgresql://***@h/db"
    assert "secret" not in redact("secret")


def test_a_wrong_password_is_one_clear_error(redis_server, monkeypatch):
    with client(redis_server) as ask:
        ask.config_set("requirepass", "right")
    monkeypatch.setenv("PERFLAB_REDIS_URL", redis_server.url)
    with pytest.raises(BadInputError, match="another password"):
        find_redis()


def test_a_port_that_answers_with_http_is_one_clear_error(http_port):
    with pytest.raises(BadInputError, match="no Redis"):
        find_redis("127.0.0.1", http_port)


def test_a_port_where_nothing_listens_is_one_clear_error():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(BadInputError, match="cannot be used"):
        find_redis("127.0.0.1", port)


def test_an_address_that_is_none_is_one_clear_error(monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "http://localhost")
    with pytest.raises(BadInputError, match="valid address of a Redis"):
        find_redis()
