import json
import multiprocessing
import os
import pickle
import stat

import pytest

from perflab.errors import BadInputError
from perflab.servers.consent import (
    ConsentNeededError,
    ForeignServer,
    allow,
    confine,
    contact,
    is_allowed,
    not_allowed,
    require,
)

REDIS = "redis://host:6379/0"


def server(address=REDIS, namespace="shop", most=100.0):
    return ForeignServer(address, f"writes to {namespace}", (namespace,), (("bytes", most),))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(folder):
    return folder / "agreed-servers.json"


def test_a_server_needs_consent_once():
    with pytest.raises(ConsentNeededError, match=r"writes to shop.*Agree once") as error:
        require([server()])
    assert error.value.address == REDIS
    allow(server())
    assert require([server()]) == (REDIS,)


def test_error_keeps_its_servers_across_processes():
    error = ConsentNeededError([server(), server("redis://b:1/0")])
    assert pickle.loads(pickle.dumps(error)).servers == error.servers


@pytest.mark.parametrize(
    "other",
    [
        server("redis://host:6379/1"),
        server("redis://host:6380/0"),
        server("redis://other:6379/0"),
        server(namespace="cart"),
        server(most=100.5),
        ForeignServer(REDIS, "writes to shop", ("shop",)),
        ForeignServer(REDIS, "writes to shop", ("shop",), (("rate", 1.0),)),
        ForeignServer(REDIS, "writes to shop"),
    ],
)
def test_another_server_or_more_is_asked_for_again(other):
    allow(server())
    assert not is_allowed(other)
    allow(other)
    assert is_allowed(other)
    assert is_allowed(server())


def test_less_is_not_asked_for_again_and_more_stays_agreed():
    allow(server(most=100))
    assert is_allowed(server(most=99))
    allow(server(most=10))
    assert is_allowed(server(most=100))
    allow(server(most=1000))
    assert is_allowed(server(most=1000))


def test_words_alone_are_what_was_agreed_to():
    allow(ForeignServer(REDIS, "reads"))
    assert is_allowed(ForeignServer(REDIS, "reads"))
    assert not is_allowed(ForeignServer(REDIS, "writes"))


def test_only_servers_that_are_not_agreed_to_are_asked_for():
    allow(server())
    assert not_allowed([server(), server("redis://b:1/0")]) == (server("redis://b:1/0"),)


@pytest.mark.parametrize(
    "text",
    [
        "{broken",
        "[]",
        "null",
        "\xff\x00",
        '["redis://host:6379/0"]',
        "[" * 100_000,
        '{"format": 1, "agreed": {}}',
        '{"format": 1, "agreed": [1, {"address": "redis://host:6379/0"}, null]}',
        '{"format": 1, "agreed": [{"address": "redis://host:6379/0", "doing": 1, "most": {}}]}',
        '{"format": 1, "agreed": [{"address": "a", "doing": "b", "most": {"bytes": "9"}}]}',
        '{"format": "1", "agreed": []}',
    ],
)
def test_a_damaged_list_of_servers_means_none(folder, text):
    folder.mkdir()
    kept(folder).write_text(text, encoding="latin-1")
    assert not is_allowed(server())
    allow(server())
    assert is_allowed(server())


@pytest.mark.parametrize("theirs", ['{"mine": 1}', "mine", "[]"])
def test_a_file_of_somebody_elses_under_that_name_is_not_lost(folder, theirs):
    folder.mkdir()
    for _ in range(2):
        kept(folder).write_text(theirs)
        allow(server())
        assert is_allowed(server())
    others = [path for path in folder.glob("agreed-servers*.json") if path != kept(folder)]
    assert [path.read_text() for path in others] == [theirs] * 2


def test_a_list_of_a_later_perflab_is_neither_used_nor_replaced(folder):
    allow(server())
    found = json.loads(kept(folder).read_text())
    later = json.dumps({**found, "format": 2})
    kept(folder).write_text(later)
    assert not is_allowed(server())
    with pytest.raises(BadInputError, match="newer perflab"):
        allow(server())
    assert kept(folder).read_text() == later


def test_an_older_list_of_texts_is_not_honoured_and_stays(folder):
    folder.mkdir()
    old = folder / "allowed-servers.json"
    old.write_text(json.dumps([REDIS]))
    assert not is_allowed(server())
    allow(server("redis://b:1/0"))
    assert json.loads(old.read_text()) == [REDIS]


def test_the_file_is_private_and_holds_no_statement(folder):
    allow(ForeignServer("postgresql://h:5432/db", "sends SELECT 's3cret'", ("SELECT 's3cret'",)))
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "s3cret" not in path.read_text()


def agree_to_many(number):
    for port in range(20):
        allow(server(f"redis://host{number}:{port + 1}/0"))


def test_processes_that_agree_at_once_lose_nothing(folder):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=agree_to_many, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(json.loads(kept(folder).read_text())["agreed"]) == 60
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".lock"]


def test_what_cannot_be_written_down_is_one_clear_error(folder):
    folder.write_text("")
    with pytest.raises(BadInputError, match="cannot be written"):
        allow(server())


def confined():
    confine([REDIS])
    contact(REDIS)
    try:
        contact("redis://other:1/0")
    except BadInputError as error:
        os._exit(7 if "agreed to" in str(error) else 8)


def test_a_run_contacts_nothing_but_what_was_agreed_to():
    contact("redis://anything:1/0")
    child = multiprocessing.get_context("spawn").Process(target=confined)
    child.start()
    child.join()
    assert child.exitcode == 7
