"""Addresses and clients that the cache in Redis takes, and those that it refuses at once."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import subprocess
import threading
import time

import pytest
import redis
import redis.asyncio
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from perflab.errors import BadInputError
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer, server_program

PATIENCE = 60.0


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture(params=[RedisCache, AsyncRedisCache], ids=["threads", "tasks"])
def make(request):
    return request.param


GOOD = [
    "redis://",
    "redis://h",
    "redis://h:6379/",
    "redis://u:p%40%2F,@h:1/3",
    "rediss://h:6380/0?ssl_cert_reqs=none",
    "redis://[::1]:6379/0",
    "redis://h?db=2&client_name=app&socket_timeout=3&health_check_interval=10",
    "redis://h?protocol=3",
    "unix:///tmp/a,b.sock?db=1",
    "unix://user@/tmp/x",
]
BAD = [
    *("h", "h:6379", "http://h", "redis:/h", "redis:h", "REDIS://h", "valkey://h", ""),
    *("redis://h:99999", "redis://h:0", "redis://h:abc", "redis://h/abc", "redis://h/0/1"),
    *("redis://h/-1", "redis://h/0 ", " redis://h", "redis://my host", "redis://h\n:1"),
    *("redis://h?foo=1", "redis://h?db=x", "redis://h?socket_timeout=abc", "redis://h#1"),
    *("redis://h?decode_responses=True", "rediss://h?ssl_cert=reqs", "unix://", "redis://[::1"),
    *("redis+sentinel://h:26379/m", "redis-cluster://h", "redis://a:1,b:2"),
    *(5, b"redis://h"),
]


@pytest.mark.parametrize("url", GOOD, ids=range(len(GOOD)))
def test_an_address_of_a_server_is_taken(make, url, monkeypatch):
    make(url=url)
    monkeypatch.setenv("PERFLAB_REDIS_URL", url)
    make()


@pytest.mark.parametrize("url", BAD, ids=range(len(BAD)))
def test_an_address_that_leads_nowhere_is_one_clear_error(make, url, monkeypatch):
    with pytest.raises(BadInputError, match=r"^url: "):
        make(url=url)
    if isinstance(url, str) and url:
        monkeypatch.setenv("PERFLAB_REDIS_URL", url)
        with pytest.raises(BadInputError, match=r"^PERFLAB_REDIS_URL: "):
            make()


@pytest.mark.parametrize("url", ["redis://me:s3cret@h:x/0", "redis://me:s3cret@h?foo=s3cret"])
def test_no_password_is_in_the_error(make, url):
    with pytest.raises(BadInputError) as caught:
        make(url=url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("host", ["h:1", "redis://h", "", "a b", "u:p@h", "h/1"])
def test_a_host_that_is_more_than_a_host_is_refused(make, host):
    with pytest.raises(BadInputError, match="redis_host"):
        make(RedisCacheSettings(redis_host=host))


def test_a_host_that_is_a_number_of_six_has_a_port_too():
    cache = RedisCache(RedisCacheSettings(redis_host="::1", redis_port=1234))
    kwargs = cache._client.connection_pool.connection_kwargs
    assert (kwargs["host"], kwargs["port"]) == ("::1", 1234)


def test_clients_that_cannot_be_used_are_refused():
    asyncs, threads = redis.asyncio.Redis(), redis.Redis()
    for make, client, words in (
        (RedisCache, asyncs, r"pass a redis\.Redis, or use AsyncRedisCache"),
        (AsyncRedisCache, threads, r"pass a redis\.asyncio\.Redis, or use RedisCache"),
        (RedisCache, redis.Redis(decode_responses=True), "decode_responses=False"),
        (AsyncRedisCache, redis.asyncio.Redis(decode_responses=True), "decode_responses=False"),
        (RedisCache, redis.ConnectionPool(), "pass a client"),
        (RedisCache, "redis://h", "url="),
        (RedisCache, redis.Redis, "pass a client"),
        (RedisCache, {}, "pass a client"),
        (RedisCache, Sentinel([("h", 1)]), "master_for"),
        (AsyncRedisCache, AsyncSentinel([("h", 1)]), "master_for"),
    ):
        with pytest.raises(BadInputError, match=f"client: .*{words}"):
            make(client=client)


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@contextlib.contextmanager
def process(folder, *options, on_a_bus=False):
    """Run a server on a port of its own until the end of the block; yield a client of it."""
    program, _ = server_program()
    for _ in range(20):
        port = free_port()
        bus = ("--cluster-port", str(free_port())) if on_a_bus else ()
        command = [program, *options, "--port", str(port), "--bind", "127.0.0.1", *bus]
        with (folder / "log").open("wb") as log:
            started = subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log)
        client = redis.Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            # Another program may have taken the port meanwhile.
            wait_until(functools.partial(is_up_or_ended, started, client))
            if started.poll() is None and client.info()["process_id"] == started.pid:
                yield client, port
                return
        finally:
            client.close()
            started.kill()
            started.wait()
    pytest.fail("no port was free")


def is_up_or_ended(started, client):
    return started.poll() is not None or client.info()["process_id"]


def wait_until(question):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if question():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    options = (
        *("--cluster-enabled", "yes", "--save", ""),
        *("--cluster-announce-ip", "127.0.0.1"),
    )
    with process(tmp_path_factory.mktemp("cluster"), *options, on_a_bus=True) as (client, port):
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        wait_until(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO"))
        yield port


async def test_a_client_of_a_cluster_is_refused(cluster):
    client = redis.RedisCluster(port=cluster, host="127.0.0.1")
    with pytest.raises(BadInputError, match=r"RedisCluster.* is not supported"):
        RedisCache(client=client)
    client.close()
    later = redis.asyncio.RedisCluster(host="127.0.0.1", port=cluster)
    with pytest.raises(BadInputError, match=r"RedisCluster.* is not supported"):
        AsyncRedisCache(client=later)
    await later.aclose()


@pytest.mark.parametrize("verb", ["load", "get_many", "load_many"])
async def test_a_node_of_a_cluster_is_one_clear_error(cluster, verb):
    url, settings = f"redis://127.0.0.1:{cluster}", RedisCacheSettings(timeout=5)

    async def load(*_):
        return {}

    for _ in range(2):
        cache, later = RedisCache(settings, url=url), AsyncRedisCache(settings, url=url)
        ask = {
            "load": lambda cache: lambda load: cache.get_or_load("a", load),
            "get_many": lambda cache: lambda _: cache.get_many(["a", "b", "c"]),
            "load_many": lambda cache: lambda load: cache.get_or_load_many(["a", "b"], load),
        }[verb]
        with pytest.raises(BadInputError, match="is part of a cluster"):
            ask(cache)(lambda *_: {})
        with pytest.raises(BadInputError, match="is part of a cluster"):
            await ask(later)(load)
        cache.close()
        await later.close()


def test_a_service_outlives_that_its_server_becomes_a_cluster(server, cluster):
    settings = RedisCacheSettings(timeout=5, cache_namespace="moved")
    cache = RedisCache(settings, url=server.url)
    assert cache.get_or_load("a", lambda: 1) == 1
    cache._client = redis.Redis(port=cluster)
    assert cache.get_or_load("b", lambda: 2) == 2
    assert cache.get_many(["a", "b", "c"]) == {}
    assert cache.stats()["refused"] > 0
    cache.close()


def test_the_master_that_sentinels_name_is_followed(tmp_path):
    folders = [tmp_path / name for name in ("first", "second", "watch")]
    for folder in folders:
        folder.mkdir()
    quick = ("--save", "", "--repl-diskless-sync-delay", "0")
    config = folders[2] / "sentinel.conf"
    with (
        process(folders[0], *quick) as (first, port),
        process(folders[1], *quick, "--replicaof", f"127.0.0.1 {port}") as (second, other),
    ):
        wait_until(lambda: second.info("replication")["master_link_status"] == "up")
        config.write_text(
            f"sentinel monitor shop 127.0.0.1 {port} 1\n"
            "sentinel down-after-milliseconds shop 300\nsentinel failover-timeout shop 3000\n"
        )
        with process(folders[2], str(config), "--sentinel") as (_, watcher):
            sentinel = Sentinel([("127.0.0.1", watcher)], socket_timeout=5)
            wait_until(lambda: sentinel.discover_slaves("shop"))
            settings = RedisCacheSettings(timeout=5, breaker_seconds=0.05)
            cache = RedisCache(settings, client=sentinel.master_for("shop", socket_timeout=5))
            assert cache.get_or_load("a", lambda: 1) == 1
            assert cache.set_many({"b": 2, "c": 3})
            wait_until(lambda: second.exists("perflab:k:c"))
            with contextlib.suppress(redis.ConnectionError):
                first.shutdown(nosave=True)
            assert cache.get_or_load("a", lambda: 9) in {1, 9}
            wait_until(lambda: cache.get_many(["b", "c"]) == {"b": 2, "c": 3})
            wait_until(lambda: cache.set("d", 4))
            assert second.exists("perflab:k:d")
            assert sentinel.discover_master("shop") == ("127.0.0.1", other)
            cache.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"),
        *("/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
    ]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    return folder


def relay(listener, context, path):
    """Hand what comes over TLS on to a server's socket, and its answers back."""

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            try:
                outer = context.wrap_socket(plain, server_side=True)
            except OSError:
                continue
            inner = socket.socket(socket.AF_UNIX)
            inner.connect(path)
            for ends in ((outer, inner), (inner, outer)):
                threading.Thread(target=pump, args=ends, daemon=True).start()


async def test_a_server_behind_tls_is_asked_and_checked(server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        path = server.url.removeprefix("unix://")
        thread = threading.Thread(target=relay, args=(listener, context, path), daemon=True)
        thread.start()
        settings = RedisCacheSettings(timeout=10, cache_namespace="tls")
        url = f"rediss://127.0.0.1:{port}/0"
        trusting = f"{url}?ssl_ca_certs={certificate / 'cert.pem'}"
        cache = RedisCache(settings, url=trusting)
        assert cache.get_or_load("a", lambda: 1) == 1
        assert cache.get_many(["a"]) == {"a": 1}
        assert cache.stats()["errors"] == 0
        later = AsyncRedisCache(settings, url=trusting)
        assert await later.get("a") == 1
        await later.close()
        wary = RedisCache(settings.change(retries=0), url=url)
        assert wary.get_or_load("a", lambda: "of the loader") == "of the loader"
        assert wary.stats()["errors"] == 1
        cache.close()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
