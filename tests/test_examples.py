"""Each example runs as it stands and prints what its comments say."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from examples import FOLDER, extra_of, promised, wrong_with

from perflab.errors.extras import EXTRAS
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.redis.server import RedisServer

NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def addresses():
    with RedisServer.start() as redis, PostgresServer.start() as postgres:
        yield {"REDIS_URL": redis.url, "DATABASE_URL": postgres.conninfo}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_what_it_says(name, tmp_path, addresses):
    assert promised(name)
    assert extra_of(name) in {"", "record", *EXTRAS}
    environment = {**os.environ, **addresses}
    assert wrong_with(name, Path(sys.executable), tmp_path, environment) == ""


def test_every_pattern_has_an_example():
    from perflab.bench import bench_names

    assert set(bench_names()) <= set(NAMES)
