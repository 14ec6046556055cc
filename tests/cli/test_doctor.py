import sqlite3

import pytest

URLS = ("PERFLAB_REDIS_URL", "PERFLAB_POSTGRES_URL")


@pytest.fixture(autouse=True)
def _no_server_of_the_users(monkeypatch):
    for variable in URLS:
        monkeypatch.delenv(variable, raising=False)


def by_name(answer):
    return {finding["name"]: finding for finding in answer.json["findings"]}


def test_doctor_tells_versions_and_what_is_kept(perflab):
    found = by_name(perflab("doctor", "--json"))
    assert found["sqlite"]["text"] == sqlite3.sqlite_version
    assert found["cache folder"]["found"] is True
    assert "calibration" in found
    assert "cores" in perflab("doctor").out


def test_servers_that_perflab_would_start_say_their_versions(perflab, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = by_name(perflab("doctor", "--json"))
    assert found["redis"]["found"] is True
    assert found["redis"]["text"].startswith("Valkey 9.")
    assert found["postgresql"]["found"] is True
    assert found["postgresql"]["text"].startswith("18.")
    assert found["chromium (tests)"]["found"] is False


def test_passwords_are_never_shown(perflab, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://me:hush@127.0.0.1:1/0?password=hush")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://me:hush@127.0.0.1:1/shop")
    for options in ((), ("--offline",)):
        asked = perflab("doctor", "--json", *options)
        assert "hush" not in asked.out + asked.err
        assert "redis://me:***@127.0.0.1:1/0" in by_name(asked)["redis"]["text"]
        assert "postgresql://me:***@127.0.0.1:1/shop" in by_name(asked)["postgresql"]["text"]


def test_offline_asks_no_server(perflab, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://127.0.0.1:1/0")
    assert by_name(perflab("doctor", "--offline", "--json"))["redis"]["text"].endswith("not asked")


@pytest.mark.parametrize(
    ("variable", "url", "name"),
    [
        (URLS[0], "redis://127.0.0.1:1/0", "redis"),
        (URLS[1], "postgresql://127.0.0.1:1/shop", "postgresql"),
    ],
)
def test_server_that_does_not_answer_is_not_found(perflab, monkeypatch, variable, url, name):
    monkeypatch.setenv(variable, url)
    found = by_name(perflab("doctor", "--json"))[name]
    assert found["found"] is False
    assert variable in found["text"]


def test_server_that_answers_says_its_version(perflab, monkeypatch):
    from perflab.servers.redis_server import RedisServer

    with RedisServer.start() as server:
        monkeypatch.setenv(URLS[0], server.url)
        found = by_name(perflab("doctor", "--json"))["redis"]
    assert found["found"] is True
    assert server.version in found["text"]


def test_redis_on_the_path_comes_first(perflab, tmp_path, monkeypatch):
    tool = tmp_path / "redis-server"
    tool.write_text("#!/bin/sh\necho 'Redis server v=7.4.1 sha=0'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    found = by_name(perflab("doctor", "--json"))["redis"]
    assert found["text"].startswith("7.4.1")
    assert str(tool) in found["text"]
