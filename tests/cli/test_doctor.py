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
        assert "redis://***@127.0.0.1:1/0" in by_name(asked)["redis"]["text"]
        assert "127.0.0.1:1/shop" in by_name(asked)["postgresql"]["text"]


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
    from perflab.servers.redis.server import RedisServer

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


RUN = "perflab:perflab_run_20260102t030405z_0123456789"
ENTRY = b"\xca" + bytes(40)


@pytest.fixture
def theirs(monkeypatch):
    """A Redis of the user's with what two killed runs have left, and one that is alive."""
    import redis

    from perflab.servers.redis.server import RedisServer

    with RedisServer.start() as server, redis.Redis.from_url(server.url) as client:
        monkeypatch.setenv(URLS[0], server.url)
        client.mset({"perflab:k:x": "1", f"{RUN}:k:x": "text", f"{RUN}:other": ENTRY})
        client.mset({f"{RUN}:k:{number}": ENTRY for number in range(1204)})
        client.set(f"{RUN.replace('perflab:', 'shop:')}:k:a", ENTRY)
        client.set("perflab:perflab_run_20260102t030405z_aaaaaaaaaa:k:a", ENTRY)
        client.set("perflab:perflab_run_20260102t030405z_aaaaaaaaaa:lease", "x")
        yield client


def test_doctor_lists_what_killed_runs_left_and_removes_nothing(perflab, theirs):
    before = theirs.dbsize()
    asked = perflab("doctor", "--json")
    left = asked.json["left_behind"]
    assert [entry["what"] for entry in left] == [
        f"1,204 keys under {RUN}:",
        f"1 key under {RUN.replace('perflab:', 'shop:')}:",
    ]
    assert left[0]["started"] == "2026-01-02T03:04:05+00:00"
    shown = perflab("doctor").out
    assert "days ago; remove with --clean" in " ".join(shown.split())
    assert "_aaaaaaaaaa" not in shown
    assert theirs.dbsize() == before


def test_doctor_offline_looks_at_no_server(perflab, refused, theirs):
    assert perflab("doctor", "--offline", "--json").json["left_behind"] == []
    assert "--offline forbids" in refused("doctor", "--offline", "--clean")


def test_doctor_cleans_and_says_what_it_removed(perflab, theirs):
    cleaned = perflab("doctor", "--clean")
    assert cleaned.status == 0
    assert cleaned.out.count("removed perflab_run_20260102t030405z_0123456789") == 2
    assert "1,204 keys" in cleaned.out
    assert {name.decode() for name in theirs.scan_iter()} == {
        "perflab:k:x",
        f"{RUN}:k:x",
        f"{RUN}:other",
        "perflab:perflab_run_20260102t030405z_aaaaaaaaaa:k:a",
        "perflab:perflab_run_20260102t030405z_aaaaaaaaaa:lease",
    }
    assert perflab("doctor", "--clean").out == "nothing is left by killed runs\n"
    assert perflab("doctor", "--clean", "--json").json == {"removed": []}


def test_two_doctors_at_once_do_no_harm(perflab, theirs):
    from concurrent.futures import ThreadPoolExecutor

    from perflab.cli.left_behind import left_behind

    (left, _), (same, _) = left_behind(), left_behind()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda leftover: leftover.remove(), [*left, *same]))
    assert left_behind() == ([], [])
    assert theirs.dbsize() == 5


def test_server_of_a_setting_is_looked_at_too(perflab, theirs, monkeypatch):
    from perflab.servers.run_servers import remember_server, remembered_servers

    monkeypatch.delenv(URLS[0])
    remember_server("redis://127.0.0.1:1")
    remember_server("redis://me:hush@127.0.0.1:2")
    assert remembered_servers() == ["redis://127.0.0.1:1"]
    assert "redis://127.0.0.1:1" in perflab("doctor").out
    failed = perflab("doctor", "--clean")
    assert failed.status == 2
    assert "cannot be asked" in failed.err


def test_file_of_somebody_elses_is_not_lost_to_the_list_of_servers(tmp_path, monkeypatch):
    from perflab.servers.run_servers import remember_server, remembered_servers

    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    (tmp_path / "run-servers.json").write_text('{"mine": 1}')
    remember_server("redis://127.0.0.1:1")
    assert remembered_servers() == ["redis://127.0.0.1:1"]
    assert (tmp_path / "run-servers-2.json").read_text() == '{"mine": 1}'


@pytest.mark.parametrize("text", ["", "{", "7", '["redis://x", 3, "file:///x"]', "\xff"])
def test_damaged_list_of_servers_is_no_obstacle(text, calibrated, monkeypatch):
    from perflab.servers.run_servers import remembered_servers

    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(calibrated))
    (calibrated / "run-servers.json").write_text(text, encoding="latin-1")
    assert remembered_servers() in ([], ["redis://x"])
    (calibrated / "run-servers.json").unlink()


def test_run_on_a_users_server_says_its_name(perflab, theirs):
    before = theirs.dbsize()
    options = ("-w", "zipf:keys=100,requests=2000", "--seconds", "1", "--yes", "--json")
    answer = perflab("run", "redis_cache", *options)
    name = answer.json["environment"]["servers"]["run"]
    assert name.startswith("perflab_run_")
    assert f"run {name}: all that it writes" in answer.err
    assert theirs.dbsize() == before
