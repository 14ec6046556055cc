"""`perflab predict service --scenario`: what becomes of a service when something happens."""

import pytest

from perflab.service.scenarios import ScenarioOutcome

FILE = """\
workload = "zipf:skew=0.8,keys=2k,requests=6k,seed=1"

[service]
workers = 2
request_rate = 300

[service.cache]
max_cache_size = 50

[service.redis_cache]
maxmemory = "20MiB"

[service.connection_pool]
max_connections = 2
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "perflab.toml"
    path.write_text(FILE)
    return path


def test_a_scenario_is_told_with_its_numbers_and_over_time(perflab, project):
    answer = perflab("predict", "service", "--scenario", "redis-down:at=8,seconds=2")
    assert answer.status == 0
    assert answer.out.startswith("Redis dies and comes back empty, 8 s after the first request")
    assert "load on the database, at most" in answer.out
    heads = [line.split() for line in answer.out.splitlines() if line.startswith("seconds")]
    assert heads


def test_json_and_the_file_hold_the_outcome(perflab, project, tmp_path):
    out = tmp_path / "down.json"
    answer = perflab("predict", "service", "--scenario", "deploy", "--json", "--out", out)
    assert answer.json["kind"] == "scenario"
    kept = ScenarioOutcome.load(out)
    assert kept.to_dict() == answer.json
    assert kept.scenario.startswith("deploy:")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("service", "--scenario", "redis-donw"), "redis-down"),
        (("service", "--scenario", "deploy:at=1h"), "workload ends after"),
        (("service", "--scenario", "traffic:times=x"), "times"),
        (("cache", "--scenario", "deploy"), "applies only to 'service'"),
    ],
)
def test_what_is_wrong_is_one_clear_line(perflab, project, options, words):
    answer = perflab("predict", *options)
    assert answer.status == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
