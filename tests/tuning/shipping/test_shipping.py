"""`perflab.export` and `perflab.apply`: texts, edits, and a real server and its old values."""

import dataclasses

import pytest
import redis

import perflab
from perflab.errors import BadInputError
from perflab.servers.redis.server import RedisServer
from perflab.tuning.sweep import predictions

ZIPF = "zipf:skew=0.9,keys=500,requests=5k,seed=1"
OLD = {"maxmemory": "0", "maxmemory-policy": "noeviction"}
NEW = {"maxmemory": "33554432", "maxmemory-policy": "allkeys-lru"}


@pytest.fixture(scope="module")
def result():
    return predictions("redis_cache", ZIPF, {"maxmemory": "32MiB"})


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started:
        yield started


@pytest.fixture
def client(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    with redis.Redis.from_url(server.url, decode_responses=True) as opened:
        for name, value in OLD.items():
            opened.config_set(name, value)
        opened.flushall()
        yield opened


def values(client):
    return {name: client.config_get(name)[name] for name in OLD}


def test_a_text_is_what_the_command_writes(result, tmp_path):
    result.to_json(tmp_path / "best.json")
    text = perflab.export(result, "redis.conf")
    assert "maxmemory 33554432\n" in text
    assert perflab.export(tmp_path / "best.json", "Redis.conf") == text


def test_an_edit_is_written_when_that_is_said(result, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("redis:\n  maxMemory: 1gb  # ours\n")
    at = "maxmemory=redis.maxMemory"
    edit = perflab.export(result, "redis.conf", values, at=at)
    assert "+  maxMemory: 33554432  # ours" in edit.difference
    assert "has no unit now" in edit.notes[0]
    assert values.read_text() == "redis:\n  maxMemory: 1gb  # ours\n"
    edit.write()
    assert values.read_text() == "redis:\n  maxMemory: 33554432  # ours\n"
    again = perflab.export(result, "redis.conf", values, at="redis.maxMemory", only="maxmemory")
    assert again.before == again.after


def test_a_recommendation_that_misses_its_target_warns():
    found = perflab.tune("cache", ZIPF, "max:hit_rate")
    missed = dataclasses.replace(found, unreached="No size reaches 99 %")
    with pytest.warns(UserWarning, match="come nearest"):
        perflab.export(missed, "env")


@pytest.mark.parametrize(
    ("arguments", "named", "told"),
    [
        (("no such format",), {}, "redis_cache has no format"),
        (("redis.conf",), {"at": "a"}, "at: applies only to into"),
        (("redis.conf", "nowhere.yaml"), {}, "there is no such file"),
    ],
)
def test_a_wrong_export_is_one_error(result, arguments, named, told):
    with pytest.raises(BadInputError, match=told):
        perflab.export(result, *arguments, **named)


def test_a_preview_sets_nothing_and_set_does(result, server, client):
    preview = perflab.apply(result, server.url)
    assert {each.name: each.after for each in preview.changes} == NEW
    assert values(client) == OLD
    done = preview.set()
    assert (done.outcome, values(client)) == ("applied", NEW)
    assert perflab.apply(result, server.url).set().outcome == "nothing"
    assert done.undo() == ()
    assert values(client) == OLD
    with pytest.raises(BadInputError, match="nothing is set that was not given back"):
        done.undo()


def test_a_limit_that_breaks_gives_the_old_values_back(result, server, client):
    done = perflab.apply(result, server.url).set("memory_bytes<=1", seconds=60)
    assert (done.outcome, done.broken) == ("given back", "memory_bytes<=1")
    assert values(client) == OLD
    with pytest.raises(BadInputError, match="nothing is set"):
        done.undo()


def test_a_server_that_changed_since_is_not_set(result, server, client):
    preview = perflab.apply(result, server.url, only=["maxmemory"])
    client.config_set("maxmemory", "64mb")
    with pytest.raises(BadInputError, match="has other values now"):
        preview.set()
    assert client.config_get("maxmemory")["maxmemory"] == str(64 << 20)
    assert perflab.apply(result, server.url, only=["maxmemory"]).set().outcome == "applied"
    client.config_set("maxmemory", "0")


def test_entries_are_not_evicted_without_force(result, server, client):
    small = predictions("redis_cache", ZIPF, {"maxmemory": "2MiB"})
    client.set("large", b"x" * (4 << 20))
    preview = perflab.apply(small, server.url)
    with pytest.raises(BadInputError, match="would evict"):
        preview.set()
    assert values(client) == OLD


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"to": None}, "to: name the server"),
        ({"to": "redis://127.0.0.1:1"}, "connection refused"),
        ({"to": "http://x"}, "is not a valid address"),
        ({"only": ["port"]}, "there is no 'port'"),
    ],
)
def test_a_wrong_application_is_one_error(result, server, client, change, told):
    with pytest.raises(BadInputError, match=told):
        perflab.apply(result, **{"to": server.url, **change})


def test_a_wrong_limit_sets_nothing(result, server, client):
    preview = perflab.apply(result, server.url)
    with pytest.raises(BadInputError, match="wait_seconds_mean is not watched"):
        preview.set(["hit_rate>=0", "wait_seconds_mean<=1"])
    assert values(client) == OLD


def test_a_watch_that_fails_gives_the_old_values_back(result, server, client, monkeypatch):
    def fails(*_):
        assert values(client) == NEW
        raise RuntimeError("no more")

    monkeypatch.setattr("perflab.tuning.shipping.apply.watch", fails)
    with pytest.raises(RuntimeError, match="no more") as raised:
        perflab.apply(result, server.url).set("hit_rate>=0")
    assert raised.value.__notes__ == ["the watch failed (RuntimeError); the old values are back"]
    assert values(client) == OLD
