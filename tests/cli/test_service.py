"""`perflab predict service`: the service of a perflab.toml, as tables and as JSON."""

import json

import pytest

from perflab.service import ServicePrediction

FILE = """\
workload = "zipf:skew=0.9,keys=500,requests=3k,seed=1"

[service]
workers = 3
request_rate = 500
max_connections = 5

[service.cache]
max_cache_size = 50

[service.connection_pool]
max_connections = 2

[profile.large.service]
workers = 30
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Costs that other tests have measured are those of this machine.
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "perflab.toml"
    path.write_text(FILE)
    return path


def test_a_service_is_a_row_per_stage_and_metrics_of_the_whole(perflab, project):
    answer = perflab("predict", "service")
    assert answer.status == 0
    rows = [line.split("  ")[0] for line in answer.out.splitlines()]
    assert rows.index("Caching") < rows.index("Connection pool") < rows.index("Database")
    assert "latency, p99.9" in answer.out
    assert "Warning: 3 pools of 2 connections may open 6, but the database allows 5" in answer.out
    assert "read perflab.toml" in answer.err


def test_json_and_the_file_hold_the_prediction(perflab, project, tmp_path):
    answer = perflab("predict", "service", "--json", "--out", tmp_path / "out.json")
    assert answer.json["kind"] == "service prediction"
    assert [row["stage"] for row in answer.json["stages"]] == [
        *("cache", "connection_pool", "database"),
    ]
    kept = ServicePrediction.load(tmp_path / "out.json")
    assert kept.to_dict() == json.loads((tmp_path / "out.json").read_text())
    assert kept.to_frame().loc["service", "requests"] == 3000


def test_a_sample_says_how_exact_it_is(perflab, project):
    options = ("--set", "cache.max_cache_size=200", "--sample", "0.5")
    answer = perflab("predict", "service", *options)
    assert "from samples of 50 % of the keys: hit rate ±" in answer.out
    few = perflab("predict", "service", "--sample", "0.01")
    assert few.status == 2
    assert "sample: 1 % of the keys are too few for the size of cache" in few.err


def test_options_and_profiles_overrule_the_file(perflab, project):
    changed = ("--set", "cache.max_cache_size=1k", "--set", "workers=1")
    answer = perflab("predict", "service", "--json", *changed, "--workload", "zipf:requests=1k")
    assert answer.json["settings"]["cache"]["max_cache_size"] == 1000
    assert answer.json["metrics"]["requests"] == 1000
    large = perflab("predict", "service", "--json", "--profile", "large")
    assert large.json["settings"]["workers"] == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "redis_cache.maxmemory=1MiB"), "the service has no stage 'redis_cache'"),
        (("--set", "cache.size=1"), "cache.size: no such setting"),
        (("--set", "replicas=0"), "replicas: 0 is out of bounds"),
        (("--set", "request_rate=none"), "has no times, so nothing says when its requests come"),
        (("--sweep", "workers=1,2"), "--sweep: applies only to patterns"),
        (("--project", "/nowhere.toml"), "/nowhere.toml: cannot be read"),
        (("--out", "perflab.toml", "--force"), "perflab.toml"),
    ],
)
def test_bad_input_is_one_line(perflab, project, arguments, said):
    answer = perflab("predict", "service", *arguments)
    assert answer.status == 2
    assert answer.out == ""
    assert said in answer.err.splitlines()[-1]
    assert project.read_text() == FILE


def test_a_folder_without_a_file_says_what_is_needed(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "needs a perflab.toml with a table [service]" in refused("predict", "service")


def test_other_commands_know_that_a_service_is_not_a_pattern(refused, project):
    assert "is a whole service, not a pattern" in refused("calibrate", "service")


def test_a_budget_is_split_and_kept(perflab, project, tmp_path):
    project.write_text(FILE.replace("[service]", 'limits = ["memory_bytes<=1MiB"]\n[service]', 1))
    answer = perflab("tune", "service", "--out", tmp_path / "budget.json")
    assert answer.status == 0
    assert "min:latency_seconds_mean, memory_bytes<=1 MiB" in answer.out
    assert "one step more" in answer.out
    assert "memory of all caches" in answer.out
    assert json.loads((tmp_path / "budget.json").read_text())["kind"] == "service budget"
    broken = perflab("tune", "service", "--limit", "latency_seconds_mean<=1ns")
    assert broken.status == 1
    assert "no split keeps it" in broken.err


def test_a_fleet_is_a_row_per_way_to_connect(perflab, project):
    answer = perflab("tune", "service", "--fleet")
    assert answer.status == 0
    assert "pgbouncer" in answer.out
    assert "Warning: at 1 replica, 3 pools of 2 open up to 6 connections" in answer.out
    assert perflab("tune", "service", "--fleet", "--json").json["kind"] == "service fleet"
    refused = perflab("tune", "service", "--fleet", "--limit", "memory_bytes<=1MiB")
    assert "--fleet sizes pools within max_connections" in refused.err
    assert perflab("tune", "cache", "--fleet").status == 2


def test_settings_of_a_service_are_listed(perflab):
    answer = perflab("settings", "service")
    assert answer.status == 0
    assert "Stages: [service.cache], [service.redis_cache], [service.async_io], " in answer.out
    assert "pgbouncer_connections" in answer.out
    known = perflab("settings", "service", "--json").json
    assert known["stages"] == ["cache", "redis_cache", "async_io", "connection_pool"]
    assert "spread" in [each["key"] for each in known["settings"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "service"),
        ("tune", "service", "--limit", "memory_bytes<=1MiB"),
        ("tune", "service", "--fleet"),
    ],
)
def test_what_a_command_wrote_it_replaces(perflab, project, tmp_path, arguments):
    out = tmp_path / "out.json"
    for _ in range(2):
        assert perflab(*arguments, "--out", out).status == 0
    out.write_text('{"kind": "service", "format": 1, "mine": 2}')
    kept = perflab(*arguments, "--out", out)
    assert kept.status == 2
    assert "was not written by perflab" in kept.err
    assert "mine" in out.read_text()


def test_commands_on_results_of_patterns_say_what_a_service_is(perflab, project, tmp_path):
    out = tmp_path / "out.json"
    perflab("predict", "service", "--out", out)
    answer = perflab("compare", out, out)
    assert answer.status == 2
    assert "is a service prediction: this command takes results of one pattern" in answer.err
