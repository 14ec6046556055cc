from __future__ import annotations

import redis

from perflab.bench.registry import load_bench
from perflab.cli.consent import agree
from perflab.panels import workbench
from perflab.servers.redis.run_keys import find_runs
from perflab.servers.redis.server import RedisServer


def test_runs_name_is_in_the_header_and_its_keys_go_with_it(monkeypatch, until):
    with RedisServer.start() as server, redis.Redis.from_url(server.url) as client:
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        client.set("perflab:k:service", "1")
        agree(load_bench("redis_cache"), {}, True)
        panel = workbench("redis_cache", "zipf:skew=0.9,keys=500,requests=20k,seed=1")
        panel.wait(60)
        names = set()
        try:
            for _ in range(2):
                panel.run_or_stop()
                until(lambda: panel.runner.live is not None and panel.runner.live.rows)
                name = panel.runner.live.run_name
                names.add(name)
                until(lambda name=name: name in panel.header.servers.value)
                assert [run.run_name for run in find_runs(client)] in ([name], [])
                panel.run_or_stop()
                until(lambda: not panel.runner.active)
                assert client.keys() == [b"perflab:k:service"]
        finally:
            panel.close()
        assert len(names) == 2


def test_what_a_run_left_on_a_server_that_died_is_said(monkeypatch, until):
    with RedisServer.start() as server:
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        agree(load_bench("redis_cache"), {}, True)
        panel = workbench("redis_cache", "zipf:skew=0.9,keys=500,requests=20k,seed=1")
        panel.wait(60)
        try:
            panel.run_or_stop()
            until(lambda: panel.runner.live is not None and panel.runner.live.rows)
            server.kill()
            panel.run_or_stop()
            until(lambda: not panel.runner.active)
            said = panel.status.widget.value
            assert panel.runner.live.run_name in said
            assert "could not be removed" in said
            assert "perflab doctor --clean" in said
        finally:
            panel.close()
