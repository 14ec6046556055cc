"""What a run may contact and do on servers of the user's, with real servers behind."""

import os
import socket
import threading

import pytest
import redis

from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.lab import live as live_run
from perflab.lab.live import LiveRun
from perflab.lab.verbs import allow_server, run, start_live
from perflab.servers.consent import ConsentNeededError, allow, is_allowed
from perflab.servers.redis.server import RedisServer
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict

SMALL = "zipf:keys=50,requests=500"
ARRIVALS = "steady:rate=50,requests=20"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    for name in ("PERFLAB_REDIS_URL", "PERFLAB_POSTGRES_URL", "PGHOST", "PGPORT", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listener():
    """A port that counts who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        met = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                met.append(connection)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], met
        server.shutdown(socket.SHUT_RDWR)


def servers(pattern, values=None):
    bench = load_bench(pattern)
    return bench.foreign_servers(bench.read(values or {})[0])


def test_predict_and_questions_contact_nothing(listener, monkeypatch):
    port, met = listener
    monkeypatch.setenv("PERFLAB_REDIS_URL", f"redis://127.0.0.1:{port}")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", f"postgresql://me@127.0.0.1:{port}/db")
    urls = {"urls": f"http://127.0.0.1:{port}/x"}
    for pattern, workload, values in (
        ("redis_cache", SMALL, {}),
        ("connection_pool", ARRIVALS, {}),
        ("async_io", ARRIVALS, urls),
    ):
        predict(pattern, workload, values)
        with pytest.raises(ConsentNeededError):
            run(pattern, workload, values, 1, progress=False)
        with pytest.raises(ConsentNeededError):
            tune(pattern, workload, live=True, settings=values)
        bench = load_bench(pattern)
        checked = bench.read(values)
        taken = bench.workload_for(checked[0], workload)
        with pytest.raises(ConsentNeededError):
            LiveRun(bench, taken, *checked, seconds=1, loop=False)
    assert met == []


@pytest.mark.parametrize(
    ("pattern", "more", "less"),
    [
        ("redis_cache", {"maxmemory": "65MiB"}, {"maxmemory": "2MiB"}),
        ("redis_cache", {"maxmemory": None}, {}),
        ("redis_cache", {"cache_namespace": "shop"}, {}),
        ("redis_cache", {"redis_host": "127.0.0.1"}, {}),
        ("connection_pool", {"max_connections": 11}, {"max_connections": 2}),
        ("connection_pool", {"query": "SELECT 1"}, {}),
    ],
)
def test_more_than_was_agreed_to_is_asked_for_again(monkeypatch, pattern, more, less):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://me:x@cache.example/1")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "service=none host=db.example dbname=shop")
    monkeypatch.setenv("PGSERVICEFILE", "/nowhere")
    allow_server(pattern)
    assert all(map(is_allowed, servers(pattern)))
    assert all(map(is_allowed, servers(pattern, less)))
    (asked,) = servers(pattern, more)
    assert not is_allowed(asked)
    allow(asked)
    assert is_allowed(asked)


def test_another_database_or_host_in_the_environment_is_asked_for_again(monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "user=me password=x")
    monkeypatch.setenv("PGHOST", "staging")
    allow_server("connection_pool")
    for name, value in (("PGHOST", "production"), ("PGPORT", "6000"), ("PGDATABASE", "shop")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            (asked,) = servers("connection_pool")
            assert not is_allowed(asked)
    assert all(map(is_allowed, servers("connection_pool")))


def test_every_server_of_a_file_of_urls_is_asked_for(tmp_path):
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"http://host{number}/x\n" for number in range(12)))
    values = {"urls": str(urls), "most_requests": 40}
    found = allow_server("async_io", values)
    assert {server.address for server in found} == {f"http://host{n}" for n in range(12)}
    assert all("12 servers together" in server.doing for server in found)
    with urls.open("a") as file:
        file.write("https://host1/x\nhttp://host1:8080/y\n")
    missing = [server.address for server in servers("async_io", values) if not is_allowed(server)]
    assert set(missing) >= {"https://host1", "http://host1:8080"}


def test_a_variable_that_changes_after_the_consent_leads_nowhere(monkeypatch):
    with RedisServer.start() as staging, RedisServer.start() as production:
        monkeypatch.setenv("PERFLAB_REDIS_URL", staging.url)
        allow_server("redis_cache")
        bench = load_bench("redis_cache")
        checked = bench.read({})
        trace = bench.workload_for(checked[0], SMALL)
        save = live_run.save_workload

        def save_later(kind, workload, folder):
            os.environ["PERFLAB_REDIS_URL"] = production.url
            return save(kind, workload, folder)

        monkeypatch.setattr(live_run, "save_workload", save_later)
        with redis.Redis.from_url(production.url) as client:
            before = client.info("stats")["total_connections_received"]
            live = LiveRun(bench, trace, *checked, seconds=5, loop=False)
            try:
                with pytest.raises(BadInputError, match="agreed to"):
                    live.wait()
            finally:
                live.close()
            assert client.info("stats")["total_connections_received"] == before
            assert client.dbsize() == 0


def test_a_running_run_takes_no_more_than_was_agreed_to(monkeypatch):
    with RedisServer.start() as server:
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        allow_server("redis_cache")
        live = start_live("redis_cache", SMALL, {"request_rate": 100}, 60, loop=True)
        try:
            for values in ({"cache_namespace": "shop"}, {"maxmemory": "1GiB"}):
                with pytest.raises(ConsentNeededError):
                    live.apply(values)
            live.apply({"maxmemory": "32MiB"})
            live.stop()
        finally:
            live.close()


def test_calibration_stays_in_the_namespace_that_was_agreed_to(monkeypatch):
    bench = load_bench("redis_cache")
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://cache.example")
    settings, _ = bench.read({"cache_namespace": "shop", "maxmemory": "2MiB"})
    (values,) = bench.calibration.runs_for(settings, [])
    allow(*bench.foreign_servers(settings))
    assert all(map(is_allowed, bench.foreign_servers(bench.read(values)[0])))
    assert values["cache_namespace"] == "shop"


def test_calibration_of_a_pool_opens_no_more_than_was_agreed_to(monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://db.example/shop")
    bench = load_bench("connection_pool")
    settings, _ = bench.read({"max_connections": 1})
    allow(*bench.foreign_servers(settings))
    for n in (1, 2, 4, 8):
        values = {"max_connections": n, "min_connections": n, "timeout": 60}
        assert all(map(is_allowed, bench.foreign_servers(bench.read(values)[0])))
