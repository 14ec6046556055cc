import io

import pytest

from perflab.bench import UserServers
from perflab.patterns.cache.bench import CacheBench
from perflab.servers.consent import ForeignServer, is_allowed

ADDRESS = "redis://shop.example:6380/0"
SERVER = ForeignServer(ADDRESS, "writes keys under toy:", ("toy",), (("bytes", 100.0),))
SHORT = ("--workload", "loop:keys=10,requests=500", "--seconds", "1")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def foreign(monkeypatch, calibrated):
    """Let the cache bench use a server that is not perflab's, which nobody has agreed to yet."""
    monkeypatch.setattr(CacheBench, "servers", UserServers(used=lambda _: (SERVER,)))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    yield
    (calibrated / "agreed-servers.json").unlink(missing_ok=True)


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("command", [("run", "cache"), ("calibrate", "cache")])
def test_foreign_server_without_a_terminal_is_refused_in_a_line_that_says_yes(refused, command):
    line = refused(*command)
    assert ADDRESS in line
    assert "--yes" in line


@pytest.mark.usefixtures("foreign")
def test_live_tuning_asks_and_tuning_by_the_model_does_not(perflab, refused):
    workload = ("--workload", "loop:keys=10,requests=500")
    assert "--yes" in refused("tune", "cache", *workload, "--live")
    assert perflab("tune", "cache", *workload).status == 0


@pytest.mark.usefixtures("foreign")
def test_yes_is_remembered(perflab):
    assert perflab("run", "cache", *SHORT, "--yes").status == 0
    assert is_allowed(SERVER)
    assert perflab("run", "cache", *SHORT).status == 0


@pytest.mark.usefixtures("foreign")
def test_terminal_is_asked_and_an_answer_of_no_runs_nothing(perflab, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    answer = perflab("run", "cache", *SHORT)
    assert answer.status == 2
    assert answer.out == ""
    assert "did not agree" in answer.err
    assert not is_allowed(SERVER)


@pytest.mark.usefixtures("foreign")
def test_terminal_that_agrees_runs_with_nothing_but_json_on_its_output(perflab, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    answer = perflab("run", "cache", *SHORT, "--json")
    assert answer.status == 0
    assert answer.json["metrics"]["requests"] > 0
    assert is_allowed(SERVER)
