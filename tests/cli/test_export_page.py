"""The commands of the page on export and apply, run as they stand there, on a real server."""

import re
import shlex
from pathlib import Path

import pytest
import redis
import yaml

from perflab.servers.redis.server import RedisServer

PAGE = Path(__file__).parents[2] / "docs" / "export_and_apply.md"
ZIPF = "zipf:skew=0.9,keys=500,requests=5k,seed=1"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands(containing):
    shown = next(block for block in blocks("console") if containing in block)
    lines = [line.removeprefix("$ ") for line in shown.splitlines() if line.startswith("$ ")]
    return [shlex.split(line)[1:] for line in lines]


@pytest.fixture
def reader(perflab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFLAB_STATE_DIR", str(tmp_path / "state"))
    return perflab


def test_its_formats_and_files(reader, tmp_path):
    (tmp_path / "application.yml").write_text(blocks("yaml")[0])
    for words in (*commands("--as hikaricp"), *commands("--into application.yml")):
        answer = reader(*words)
        assert answer.status == 0, (words, answer.err)
    assert "default_pool_size = 8" in (tmp_path / "pgbouncer.ini").read_text()
    changed = (tmp_path / "application.yml").read_text()
    hikari = yaml.safe_load(changed)["spring"]["datasource"]["hikari"]
    assert hikari["maximumPoolSize"] == 8
    assert hikari["connection-timeout"] == 5000
    assert "8   # was 10\n" in changed
    (tmp_path / "application.yml").write_text(blocks("yaml")[0])
    (tmp_path / "pgbouncer.ini").unlink()
    (tmp_path / "perflab.toml").write_text(blocks("toml")[0])
    (edits,) = [block for block in blocks("python") if "perflab.export" in block]
    exec(edits, {})
    assert (tmp_path / "application.yml").read_text() == changed
    (tmp_path / "application.yml").write_text(blocks("yaml")[0])
    ((*words,),) = commands("--all")
    answer = reader(*words)
    assert answer.status == 0, answer.err
    assert (tmp_path / "application.yml").read_text() == changed
    assert "default_pool_size = 8" in (tmp_path / "pgbouncer.ini").read_text()


def test_its_table_has_every_format(reader):
    from perflab.bench.registry import bench_names, is_from_outside, load_bench

    said = PAGE.read_text()
    for pattern in bench_names():
        if is_from_outside(pattern):
            continue
        bench = load_bench(pattern)
        for each in bench.configurations(*bench.read({}), "workload"):
            assert f"`{each.name}`" in said, (pattern, each.name)


def test_its_program_reads_variables(monkeypatch):
    monkeypatch.setenv("CACHE_MAX_CACHE_SIZE", "10k")
    monkeypatch.setenv("CACHE_TTL_SECONDS", "none")
    names = {}
    exec(blocks("python")[0], names)
    assert names["settings"].max_cache_size == 10_000
    assert names["settings"].ttl_seconds is None


def test_its_application(reader, tmp_path):
    set_ = ("--set", "maxmemory=32MiB", "--out", "best.json")
    assert reader("predict", "redis_cache", "-w", ZIPF, *set_).status == 0
    first, second = commands("--undo")
    with RedisServer.start() as server:
        words = [server.url if word.startswith("redis://") else word for word in first]
        words[words.index("5m")] = "1s"
        words = [word.replace(" for 10s", " for 0.5s") for word in words]
        answer = reader(*words, "--yes")
        assert answer.status == 0, answer.err
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            assert client.config_get("maxmemory")["maxmemory"] == str(32 * 2**20)
            assert reader(*second).status == 0
            assert client.config_get("maxmemory")["maxmemory"] == "0"
            (program,) = [block for block in blocks("python") if "perflab.apply" in block]
            program = re.sub(r'"redis://[^"]*"', repr(server.url), program)
            names = {}
            program = program.replace(" for 10s", " for 0.2s")
            exec(program.replace("seconds=300", "seconds=0.5"), names)
            assert names["done"].outcome == "applied"
            assert client.config_get("maxmemory")["maxmemory"] == "0"
