import sqlite3

import pytest

from perflab.cli.findings import hide_password


def by_name(answer):
    return {finding["name"]: finding for finding in answer.json["findings"]}


def test_doctor_tells_versions_and_what_is_kept(perflab, monkeypatch):
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    found = by_name(perflab("doctor", "--json"))
    assert found["sqlite"]["text"] == sqlite3.sqlite_version
    assert found["PERFLAB_REDIS_URL"]["text"] == "not set"
    assert found["cache folder"]["found"] is True
    assert "calibration" in found
    assert "cores" in perflab("doctor").out


def test_passwords_are_never_shown(perflab, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://me:hush@127.0.0.1:1/0?password=hush")
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://me:hush@db.example/shop")
    asked = perflab("doctor", "--offline", "--json")
    assert "hush" not in asked.out + asked.err
    assert by_name(asked)["PERFLAB_REDIS_URL"]["text"] == "redis://***@127.0.0.1:1/0"


def test_server_that_does_not_answer_is_said_so(perflab, monkeypatch):
    monkeypatch.setenv("PERFLAB_REDIS_URL", "redis://:hush@127.0.0.1:1/0")
    monkeypatch.delenv("PERFLAB_POSTGRES_URL", raising=False)
    answer = perflab("doctor", "--json")
    assert by_name(answer)["PERFLAB_REDIS_URL"]["found"] is False
    assert "no answer" in by_name(answer)["PERFLAB_REDIS_URL"]["text"]
    assert "hush" not in answer.out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost", "redis://localhost"),
        ("redis://:secret@h:6379/1", "redis://***@h:6379/1"),
        ("unix://me:secret@/run/redis.sock", "unix://***@/run/redis.sock"),
        ("redis://h:port/1", "set, but not a URL"),
    ],
)
def test_url_is_shown_without_its_secrets(url, shown):
    assert hide_password(url) == shown


def test_server_is_found_on_the_path(perflab, tmp_path, monkeypatch):
    tool = tmp_path / "redis-server"
    tool.write_text("#!/bin/sh\necho 'Redis server v=7.4.1 sha=0'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert by_name(perflab("doctor", "--json"))["redis-server"]["text"].startswith("7.4.1")
