"""Every export of the Redis cache is used as it stands, in front of a real server."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import redis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from perflab.patterns.redis_cache.exports import redis_cache_exports
from perflab.patterns.redis_cache.settings import (
    MAXMEMORY_POLICIES,
    SERIALIZERS,
    RedisCacheSettings,
)
from perflab.servers.redis.server import RedisServer, server_program
from perflab.settings import LoadSettings

PROGRAMS = ("perflab", "redis-py", "Kailash workflow")
PATIENCE = Retry(ConstantBackoff(0.01), 300)
BODY = 'return f"value of {key}"'


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.url)
    monkeypatch.setenv("CACHE_SIGNING_KEY", "a key that only this test has")


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as opened:
        opened.flushall()
        yield opened


def export(title, settings, workload="zipf:skew=0.9", **load):
    found = {e.title: e for e in redis_cache_exports(settings, LoadSettings(**load), workload)}
    return found[title]


def execute(title, settings):
    """Run an export's text with a load that counts its calls; return how to ask, and the calls."""
    calls = []
    text = export(title, settings).text
    assert text.count(BODY) == 1
    counted = text.replace(BODY, f"CALLS.append(key)\n    {BODY}")
    namespace = {"__name__": "pasted", "CALLS": calls}
    exec(compile(counted, title, "exec"), namespace)
    return namespace["run" if title.startswith("Kailash") else "lookup"], calls, namespace


def test_there_is_one_for_perflab_redis_py_the_server_and_kailash():
    exports = redis_cache_exports(RedisCacheSettings(), LoadSettings(), "flights")
    assert [e.title for e in exports] == ["perflab", "redis-py", "redis.conf", "Kailash workflow"]
    assert [e.language for e in exports] == ["python", "python", "conf", "python"]


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("title", PROGRAMS)
def test_second_call_is_a_hit(title, serializer, client):
    ask, calls, _ = execute(title, RedisCacheSettings(serializer=serializer))
    assert [ask("a"), ask("a"), ask("b")] == ["value of a", "value of a", "value of b"]
    assert calls == ["a", "b"]
    assert all(name.startswith(b"perflab") for name in client.scan_iter())


@pytest.mark.parametrize("title", PROGRAMS)
def test_keys_live_under_the_namespace_and_for_the_time_to_live(title, client):
    settings = RedisCacheSettings(
        cache_namespace='shop\'s "prices" \N{SNOWMAN}',
        ttl_seconds=100,
        ttl_jitter=0.5,
        stampede="off",
    )
    ask, _, _ = execute(title, settings)
    for key in range(20):
        ask(str(key))
    names = client.keys("shop's*")
    assert len(names) == client.dbsize() == 20
    left = sorted(client.pttl(name) for name in names)
    assert 49_000 <= left[0] < left[-1] <= 100_000


@pytest.mark.parametrize("title", ["perflab", "redis-py"])
def test_an_entry_expires(title, client):
    ask, calls, _ = execute(title, RedisCacheSettings(ttl_seconds=0.05, ttl_jitter=0))
    ask("a")
    time.sleep(0.08)
    ask("a")
    assert calls == ["a", "a"]


@pytest.mark.parametrize("title", PROGRAMS)
def test_without_a_time_to_live_an_entry_stays(title, client):
    ask, _, _ = execute(title, RedisCacheSettings(ttl_seconds=None, stampede="off"))
    ask("a")
    assert [client.pttl(name) for name in client.scan_iter()] == [-1]


@pytest.mark.parametrize("title", PROGRAMS)
def test_without_redis_the_loader_answers(title, monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path / 'nobody'}")
    ask, calls, _ = execute(title, RedisCacheSettings(retries=0))
    assert [ask("a"), ask("a")] == ["value of a", "value of a"]
    assert calls == ["a", "a"]


@pytest.mark.parametrize("title", ["perflab", "redis-py"])
def test_a_server_that_stands_still_is_given_up(title):
    with RedisServer.start() as own, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", own.url)
        ask, calls, _ = execute(title, RedisCacheSettings(timeout=0.05, retries=1))
        ask("a")
        os.kill(own.pid, signal.SIGSTOP)
        try:
            assert ask("a") == "value of a"
        finally:
            os.kill(own.pid, signal.SIGCONT)
    assert calls == ["a", "a"]


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("title", ["perflab", "redis-py"])
def test_what_cannot_be_read_is_loaded_anew(title, serializer, client):
    ask, calls, _ = execute(title, RedisCacheSettings(serializer=serializer, stampede="off"))
    ask("a")
    (name,) = client.keys()
    for corrupt in (b"", b"\xc1", b"cos\nsystem\n(S'true'\ntR."):
        client.set(name, corrupt)
        assert ask("a") == "value of a"
    assert calls == ["a"] * 4
    assert ask("a") == "value of a"
    assert len(calls) == 4


@pytest.mark.parametrize("title", PROGRAMS)
def test_it_runs_as_a_script(title, tmp_path, client):
    settings = RedisCacheSettings(
        maxmemory="8MiB", maxmemory_policy="allkeys-lfu", timeout=1, negative_ttl_seconds=5
    )
    script = tmp_path / "pasted.py"
    script.write_text(export(title, settings).text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert ("value of a" if title == "redis-py" else "'hits': 1") in done.stdout


@pytest.mark.parametrize(
    ("maxmemory", "policy"),
    [*itertools.product(("2MiB",), MAXMEMORY_POLICIES), (None, "noeviction")],
)
def test_the_real_server_takes_the_lines_of_redis_conf(maxmemory, policy, tmp_path):
    settings = RedisCacheSettings(
        maxmemory=maxmemory, maxmemory_policy=policy, maxmemory_samples=10, ttl_seconds=None
    )
    conf, address = tmp_path / "redis.conf", tmp_path / "s"
    conf.write_text(export("redis.conf", settings).text, encoding="utf-8")
    command = [server_program()[0], str(conf), "--port", "0", "--unixsocket", str(address)]
    with subprocess.Popen(
        [*command, "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    ) as process:
        try:
            while not address.exists() and process.poll() is None:
                time.sleep(0.005)
            with redis.Redis(unix_socket_path=str(address), decode_responses=True) as asked:
                said = asked.config_get("maxmemory*")
        finally:
            process.kill()
    assert said["maxmemory"] == str(settings.maxmemory or 0)
    assert said["maxmemory-policy"] == policy
    assert said["maxmemory-samples"] == "10"


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    st.builds(
        RedisCacheSettings,
        cache_namespace=st.text(
            st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=20
        ),
        ttl_seconds=st.none() | st.floats(0.001, 3e8),
        ttl_jitter=st.floats(0, 0.9),
        maxmemory=st.none() | st.integers(2**20, 2**50),
        maxmemory_policy=st.sampled_from(MAXMEMORY_POLICIES),
        timeout=st.floats(0.001, 60),
        retries=st.integers(0, 20),
        serializer=st.sampled_from(SERIALIZERS),
        stale_seconds=st.none() | st.floats(0.001, 86400),
    )
)
def test_perflab_settings_come_back_exactly(settings):
    cache = execute("perflab", settings)[2]["cache"]
    try:
        assert cache.settings == settings
    finally:
        cache.close()


@given(st.text(max_size=60))
def test_no_name_of_a_workload_breaks_out_of_its_comment(workload):
    for each in redis_cache_exports(RedisCacheSettings(), LoadSettings(), workload):
        first, rest = each.text.split("\n", 1)
        assert first.startswith("# ")
        assert rest == export(each.title, RedisCacheSettings()).text.split("\n", 1)[1]


def test_no_address_and_no_password_is_written_down(monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://user:hush@db.example:6390")
    settings = RedisCacheSettings(redis_host="db.example", redis_port=6390)
    for each in redis_cache_exports(settings, LoadSettings(), "/home/someone/shop.csv"):
        for secret in ("db.example", "6390", "hush", "someone"):
            assert secret not in each.text


def test_redis_py_says_what_it_does_not_do():
    plain = export("redis-py", RedisCacheSettings(stampede="off", retries=2)).text
    assert "no breaker" in plain
    assert "3 times" in plain
    assert "load it;" not in plain
    full = RedisCacheSettings(stale_seconds=5, negative_ttl_seconds=5, client_cache_size=100)
    for said in ("all load it", "stale_seconds is", "negative_ttl_seconds is", "7.4 or newer"):
        assert said in export("redis-py", full).text
        assert said not in plain


def test_a_cache_in_the_client_is_asked_of_redis_py_and_its_refusal_loads(tmp_path, monkeypatch):
    """A Valkey says that it is a Redis 7.2, which redis-py takes for too old."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [server_program()[0], "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            with redis.Redis(port=port, host="127.0.0.1", retry=PATIENCE) as asked:
                version = tuple(map(int, asked.info("server")["redis_version"].split(".")))
                ask, calls, namespace = execute("redis-py", RedisCacheSettings(client_cache_size=9))
                assert [ask("a"), ask("a")] == ["value of a", "value of a"]
            if version >= (7, 4):
                assert calls == ["a"]
                assert namespace["client"].get_cache().size == 1
            else:
                assert calls == ["a", "a"]
        finally:
            process.kill()


def test_the_server_says_when_its_policy_evicts_nothing():
    lines = export("redis.conf", RedisCacheSettings(maxmemory_policy="noeviction")).text
    assert "writes are refused" in lines
    volatile = RedisCacheSettings(maxmemory_policy="volatile-lru", ttl_seconds=None)
    assert "only entries with a TTL" in export("redis.conf", volatile).text
    with_ttl = RedisCacheSettings(maxmemory_policy="volatile-lru")
    assert "only entries with a TTL" not in export("redis.conf", with_ttl).text


@pytest.mark.parametrize("value", ["3 + 4j", "object()", "{1j}", "chr(0xD800)"])
@pytest.mark.parametrize("serializer", ["msgpack", "json"])
@pytest.mark.parametrize("title", ["perflab", "redis-py"])
def test_a_value_that_cannot_be_written_is_returned_all_the_same(title, serializer, value, client):
    text = export(title, RedisCacheSettings(serializer=serializer)).text
    namespace = {"__name__": "pasted"}
    exec(compile(text.replace(BODY, f"return {value}"), title, "exec"), namespace)
    assert type(namespace["lookup"]("a")) is type(eval(value))
