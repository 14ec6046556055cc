"""`perflab export`: formats, files of the user's, and what is refused."""

import io
import json
import sys

import pytest

from perflab.bench.registry import bench_names, is_from_outside
from perflab.cli import main

ZIPF = "zipf:skew=0.9,keys=500,requests=5k,seed=1"
HIKARI = """\
# ours
spring:
  datasource:
    hikari:
      maximumPoolSize: 20   # was 10
      minimum-idle: "2"
      connection-timeout: 30000
      max-lifetime: 1
      idle-timeout: 5
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def pool(perflab, tmp_path):
    path = tmp_path / "pool.json"
    made = perflab("predict", "connection_pool", "--set", "max_connections=8", "--out", path)
    assert made.status == 0, made.err
    return path


@pytest.fixture
def rediscache(perflab, tmp_path):
    path = tmp_path / "redis.json"
    made = perflab(
        *("predict", "redis_cache", "-w", ZIPF, "--set", "maxmemory=32MiB", "--out", path)
    )
    assert made.status == 0, made.err
    return path


@pytest.fixture
def yml(tmp_path):
    path = tmp_path / "application.yml"
    path.write_text(HIKARI)
    return path


def test_formats_of_a_pattern_are_listed(perflab, pool):
    answer = perflab("export", pool)
    assert answer.status == 0
    names = [line.split()[0] for line in answer.out.splitlines()[2:] if line[:1].strip()]
    for name in ("hikaricp", "pgbouncer", "sqlalchemy", "psycopg_pool", "django-databases"):
        assert name in names
    for name in ("spring", "env", "configmap", "helm", "compose", "rds"):
        assert name in names


@pytest.mark.parametrize("name", ["spring", "Spring", "PgBouncer", ".env", "Terraform for RDS"])
def test_a_format_is_written_to_standard_output(perflab, pool, name):
    answer = perflab("export", pool, "--as", name)
    assert answer.status == 0
    assert "8" in answer.out
    assert answer.err == ""


def test_a_format_of_another_pattern_lists_those_there_are(refused, pool, rediscache):
    said = refused("export", pool, "--as", "redis.conf")
    assert "connection_pool has no format 'redis.conf'; it has perflab, psycopg_pool" in said
    assert "did you mean 'elasticache'?" in refused("export", rediscache, "--as", "elasticach")


def test_a_text_goes_into_a_file_and_over_no_other(perflab, refused, pool, tmp_path):
    out = tmp_path / "pgbouncer.ini"
    assert perflab("export", pool, "--as", "pgbouncer", "--out", out).err == f"wrote {out}\n"
    assert "default_pool_size = 8" in out.read_text()
    assert "was not written by perflab" in refused(
        "export", pool, "--as", "pgbouncer", "--out", out
    )
    assert perflab("export", pool, "--as", "pgbouncer", "--out", out, "--force").status == 0
    assert "is the input itself" in refused(
        "export", pool, "--as", "pgbouncer", "--out", pool, "--force"
    )


def test_values_go_into_a_file_that_is_there(perflab, pool, yml):
    answer = perflab("export", pool, "--as", "spring", "--into", yml, "--yes")
    assert answer.status == 0, answer.err
    expected = HIKARI.replace("20 ", "8 ").replace("30000", "5000")
    expected = expected.replace("lifetime: 1", "lifetime: 3600000").replace(": 5\n", ": 600000\n")
    assert yml.read_text() == expected
    assert "-      maximumPoolSize: 20   # was 10" in answer.out
    assert "+      maximumPoolSize: 8   # was 10" in answer.out
    again = perflab("export", pool, "--as", "spring", "--into", yml)
    assert (again.status, again.out) == (0, "")
    assert "has these values already" in again.err


def test_without_a_terminal_and_yes_nothing_is_written(perflab, pool, yml, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    answer = perflab("export", pool, "--as", "spring", "--into", yml)
    assert answer.status == 2
    assert "nothing was written; agree with --yes" in answer.err
    assert "+      maximumPoolSize: 8" in answer.out
    assert yml.read_text() == HIKARI


@pytest.mark.parametrize(("said", "status"), [("y\n", 0), ("n\n", 2), ("", 2), ("\n", 2)])
def test_on_a_terminal_it_asks(perflab, pool, yml, monkeypatch, said, status):
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    answer = perflab("export", pool, "--as", "spring", "--into", yml)
    assert answer.status == status
    assert "[y/N]" in answer.err
    assert (yml.read_text() == HIKARI) == (status != 0)


def test_a_key_that_is_not_there_says_what_to_do(refused, pool, yml):
    yml.write_text(HIKARI.replace("      idle-timeout: 5\n", ""))
    said = refused("export", pool, "--as", "spring", "--into", yml, "--yes")
    assert "there is no 'idle-timeout' under spring.datasource.hikari" in said
    assert "--only" in said
    assert "20" in yml.read_text()


def test_only_some_values_are_replaced(perflab, pool, yml):
    only = ("--only", "maximum-pool-size", "--only", "minimum-idle")
    answer = perflab("export", pool, "--as", "spring", "--into", yml, *only, "--yes")
    assert answer.status == 0
    assert yml.read_text() == HIKARI.replace("20 ", "8 ")


def test_values_have_places_of_their_own(perflab, refused, rediscache, tmp_path):
    values = tmp_path / "values.json"
    values.write_text('{"redis": {"maxMemory": "1gb", "policy": "noeviction", "other": 1}}')
    at = ("--at", "maxmemory=redis.maxMemory", "--at", "maxmemory-policy=redis.policy")
    done = perflab("export", rediscache, "--as", "redis.conf", "--into", values, *at, "--yes")
    assert done.status == 0, done.err
    assert json.loads(values.read_text()) == {
        "redis": {"maxMemory": "33554432", "policy": "allkeys-lru", "other": 1}
    }
    both = (*at, "--at", "redis")
    assert "one path for all values" in refused(
        "export", rediscache, "--as", "redis.conf", "--into", values, *both, "--yes"
    )
    assert "redis.conf has no 'maxmem'" in refused(
        *("export", rediscache, "--as", "redis.conf", "--into", values),
        *("--at", "maxmem=redis.maxMemory", "--yes"),
    )


def test_a_path_may_lead_to_the_one_value(perflab, refused, rediscache, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("redis:\n  maxMemory: 512mb   # ours\n")
    where = ("export", rediscache, "--as", "redis.conf", "--into", values)
    assert "has no 'maxmemory'" in refused(*where, "--at", "redis.maxMemory", "--yes")
    answer = perflab(*where, "--at", "redis.maxMemory", "--only", "maxmemory", "--yes")
    assert answer.status == 0, answer.err
    assert values.read_text() == "redis:\n  maxMemory: 33554432   # ours\n"
    assert "note: redis.maxMemory was '512mb' and has no unit now" in answer.err
    only = ("--only", "maxmemory-policy")
    assert "did you mean" in refused(*where, "--at", "redis", *only, "--yes")


def test_a_redis_conf_inside_of_a_config_map_is_edited(perflab, rediscache, tmp_path):
    path = tmp_path / "cm.yaml"
    path.write_text("data:\n  redis.conf: |\n    maxmemory 1gb # no\n    maxmemory-policy x\n")
    only = ("--only", "maxmemory-policy")
    answer = perflab("export", rediscache, "--as", "configmap", "--into", path, *only, "--yes")
    assert answer.status == 0, answer.err
    assert "maxmemory-policy allkeys-lru\n" in path.read_text()


def test_a_parameter_group_of_terraform_is_edited(perflab, rediscache, tmp_path):
    group = tmp_path / "cache.tf"
    text = perflab("export", rediscache, "--as", "elasticache").out
    group.write_text(text.replace("perflab", "ours").replace("allkeys-lru", "noeviction"))
    answer = perflab("export", rediscache, "--as", "elasticache", "--into", group, "--yes")
    assert answer.status == 0, answer.err
    assert group.read_text() == text.replace("perflab", "ours")
    named = ("--only", "maxmemory-samples", "--at", "var.elasticache_family")
    done = perflab("export", rediscache, "--as", "elasticache", "--into", group, *named, "--yes")
    assert done.status == 0, done.err
    assert 'default = "5"' in group.read_text()


def test_a_program_has_no_values_for_a_file(refused, pool, yml):
    said = refused("export", pool, "--as", "django-databases", "--into", yml, "--yes")
    assert "is a text as a whole" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--as", "spring", "--at", "a"), "applies only to --into"),
        (("--as", "spring", "--only", "a"), "applies only to --into"),
        (("--as", "spring", "--kind", "yaml"), "applies only to --into"),
        (("--as", "spring", "--yes"), "applies only to --into"),
        (("--into", "a.yml"), "name the format"),
        (("--as", "spring", "--into", "a.yml", "--out", "b.yml"), "either --into or --out"),
    ],
)
def test_options_that_mean_nothing_are_refused(refused, pool, options, message):
    assert message in refused("export", pool, *options)


def test_predictions_of_several_points_are_refused(perflab, refused, tmp_path):
    path = tmp_path / "sweep.json"
    sweep = ("--sweep", "max_cache_size=10,20")
    assert perflab("predict", "cache", "-w", ZIPF, *sweep, "--out", path).status == 0
    assert "holds 2 points, and only one can be used" in refused("export", path, "--as", "env")


def test_a_policy_that_nothing_implements_is_refused(perflab, refused, tmp_path):
    path = tmp_path / "opt.json"
    assert perflab("predict", "cache", "-w", ZIPF, "--set", "policy=opt", "-o", path).status == 0
    assert "OPT" in refused("export", path, "--as", "env")


def test_a_recommendation_that_misses_its_target_says_so_first(perflab, tmp_path):
    path = tmp_path / "best.json"
    options = ("-w", ZIPF, "--objective", "max:hit_rate", "--out", path)
    assert perflab("tune", "cache", *options).status == 0
    kept = json.loads(path.read_text())
    kept["unreached"] = "No size reaches 99 %"
    path.write_text(json.dumps(kept))
    answer = perflab("export", path, "--as", "env")
    assert answer.status == 0
    assert answer.err == "note: No size reaches 99 %; these settings come nearest\n"


@pytest.mark.parametrize("pattern", [n for n in bench_names() if not is_from_outside(n)])
def test_each_pattern_has_the_platforms(pattern):
    from perflab.bench import load_bench

    bench = load_bench(pattern)
    found = {each.name: each for each in bench.configurations(*bench.read({}), "workload")}
    assert {"env", "configmap", "helm", "compose"} <= set(found)
    assert found["env"].values
    names = [each.name for each in bench.exports(*bench.read({}), "workload")]
    assert len({*names, *found}) == len(names) + len(found)


def test_variables_are_what_the_settings_read():
    from perflab.bench import load_bench

    bench = load_bench("cache")
    settings, load = bench.read({"max_cache_size": 1234, "ttl_seconds": None, "policy": "sieve"})
    found = {e.name: e for e in bench.configurations(settings, load, "workload")}["env"].values
    again = bench.read({key.removeprefix("CACHE_").lower(): v for key, v in found.items()})[0]
    assert again == settings


def completed(monkeypatch, capsys, words):
    monkeypatch.setenv("_PERFLAB_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", words)
    main([])
    return capsys.readouterr().out


def test_formats_and_kinds_are_completed(monkeypatch, capsys, pool):
    said = completed(monkeypatch, capsys, f"perflab export {pool} --as s")
    assert "spring" in said
    assert "sqlalchemy" in said
    assert "redis.conf" in completed(monkeypatch, capsys, "perflab export --as r")
    assert "toml" in completed(monkeypatch, capsys, "perflab export --kind t")
