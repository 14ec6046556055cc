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

[service.scenarios]
lunch = "traffic:at=8,seconds=2,times=2"
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


def test_several_scenarios_are_played_together(perflab, project):
    options = ("--scenario", "redis-down:at=8,seconds=2", "--scenario", "lunch", "--json")
    answer = perflab("predict", "service", *options)
    parts = answer.json["scenario"].split(" + ")
    assert [part.partition(":")[0] for part in parts] == ["redis-down", "traffic"]


def test_too_many_workers_are_refused_before_anything_is_said_to_start(perflab, project):
    answer = perflab("run", "service", "--set", "workers=20")
    assert answer.status == 2
    assert "16 workers at most, not 20 workers" in answer.err
    assert "starting" not in answer.err


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("predict", ()),
        ("predict", ("--scenario", "deploy")),
        ("tune", ("--fleet",)),
        ("tune", ("--survive", "deploy")),
    ],
)
def test_ctrl_c_says_that_nothing_was_kept(perflab, project, verb, options, monkeypatch):
    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr("perflab.service.flow.Flows.through", interrupted)
    answer = perflab(verb, "service", *options)
    assert answer.status == 130
    assert "nothing was kept" in answer.err


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
