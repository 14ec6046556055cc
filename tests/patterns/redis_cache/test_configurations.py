"""What is exported for frameworks and platforms is used by them, in front of a real server."""

import subprocess
import sys
import time

import hcl2
import pytest
import redis
import yaml

from perflab.patterns.redis_cache.exports.configurations import redis_cache_configurations
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.redis.server import RedisServer, server_program
from perflab.settings import LoadSettings

SETTINGS = RedisCacheSettings(
    maxmemory="2MiB", maxmemory_policy="allkeys-lfu", maxmemory_samples=9, ttl_seconds=100
)
DJANGO = """
import sys
names = {}
exec(open(sys.argv[1]).read(), names)
from django.conf import settings
settings.configure(CACHES=names["CACHES"])
from django.core.cache import cache
cache.set("a", {"b": 1})
cache.set("for ever", 1, None)
print(cache.get("a"), cache.get("missing"))
pool = cache._cache.get_client("a").connection_pool
print(pool.connection_kwargs["socket_timeout"], pool.connection_kwargs["socket_connect_timeout"])
"""


def texts(settings=SETTINGS):
    made = redis_cache_configurations(settings, LoadSettings(), "flights")
    return {each.name: each.text for each in made}


def started_with(words, folder):
    """Return what a real server says that was started with these words."""
    address = folder / "s"
    command = [server_program()[0], *words, "--port", "0", "--unixsocket", str(address)]
    with subprocess.Popen(
        [*command, "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    ) as process:
        try:
            while not address.exists() and process.poll() is None:
                time.sleep(0.005)
            assert process.poll() is None
            with redis.Redis(unix_socket_path=str(address), decode_responses=True) as client:
                return client.config_get("maxmemory*")
        finally:
            process.kill()


def check(said):
    assert said["maxmemory"] == str(2 * 2**20)
    assert said["maxmemory-policy"] == "allkeys-lfu"
    assert said["maxmemory-samples"] == "9"


@pytest.mark.parametrize(
    ("name", "path"), [("configmap", ("data", "redis.conf")), ("helm", ("commonConfiguration",))]
)
def test_a_real_server_takes_the_file_within_the_file(name, path, tmp_path):
    found = yaml.safe_load(texts()[name])
    for step in path:
        found = found[step]
    (tmp_path / "redis.conf").write_text(found)
    check(started_with([str(tmp_path / "redis.conf")], tmp_path))


def test_a_real_server_takes_the_command_of_compose(tmp_path):
    service = yaml.safe_load(texts()["compose"])["services"]["redis"]
    program, *words = service["command"]
    assert program == "valkey-server"
    check(started_with(words, tmp_path))


def test_django_caches_on_a_real_server(tmp_path):
    path = tmp_path / "settings.py"
    path.write_text(texts()["django-caches"])
    with RedisServer.start() as server:
        done = subprocess.run(
            [sys.executable, "-c", DJANGO, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={"REDIS_URL": server.url},
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split("\n")[:2] == ["{'b': 1} None", "0.1 0.1"]
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            names = sorted(client.keys("perflab:*"))
            assert [name.rpartition(":")[2] for name in names] == ["a", "for ever"]
            assert 90 <= client.ttl(names[0]) <= 100
            assert client.ttl(names[1]) == -1


@pytest.mark.parametrize(("ttl", "expected"), [(None, None), (0.2, 1), (90.5, 90), (3600, 3600)])
def test_django_has_whole_seconds(ttl, expected, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    text = texts(SETTINGS.change(ttl_seconds=ttl))["django-caches"]
    names = {}
    exec(text, names)
    assert names["CACHES"]["default"]["TIMEOUT"] == expected
    assert ("whole seconds" in text) is (ttl not in (None, 3600))


def test_spring_has_durations_with_a_unit():
    found = yaml.safe_load(texts()["spring"])["spring"]
    assert found["cache"] == {
        "type": "redis",
        "redis": {"key-prefix": "perflab:", "time-to-live": "100000ms"},
    }
    assert found["data"]["redis"] == {"timeout": "100ms", "connect-timeout": "100ms"}
    for_ever = texts(SETTINGS.change(ttl_seconds=None))["spring"]
    assert "time-to-live" not in yaml.safe_load(for_ever)["spring"]["cache"]["redis"]
    assert "entries do not expire" in for_ever


def test_elasticache_sets_what_it_lets_be_set():
    text = texts()["elasticache"]
    (resource,) = hcl2.loads(text)["resource"]
    group = plain(resource)["aws_elasticache_parameter_group"]["perflab"]
    found = {each["name"]: each["value"] for each in map(plain, group["parameter"])}
    assert found == {"maxmemory-policy": "allkeys-lfu", "maxmemory-samples": "9"}
    assert str(2 * 2**20) in text


def plain(value):
    """Return what python-hcl2 read, without the quotes that it keeps."""
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.strip('"') if isinstance(value, str) else value
