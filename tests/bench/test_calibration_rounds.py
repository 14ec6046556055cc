"""How many rounds a calibration has is known before the first, and is how many there are."""

from itertools import islice

import pytest

from perflab.bench import bench_names, load_bench
from perflab.patterns.connection_pool import bench as pool


@pytest.mark.parametrize("name", bench_names())
def test_as_many_rounds_are_told_as_are_made(name, monkeypatch):
    monkeypatch.setattr(pool, "half_of_capacity", lambda _done: 10.0)
    bench = load_bench(name)
    settings = bench.read({})[0]
    count = bench.calibration.run_count(settings)
    assert count is not None
    assert len(list(islice(bench.calibration.runs_for(settings, []), count))) == count


@pytest.mark.parametrize("name", sorted({*bench_names()} - {"async_io"}))
def test_no_round_is_left_over(name, monkeypatch):
    monkeypatch.setattr(pool, "half_of_capacity", lambda _done: 10.0)
    bench = load_bench(name)
    settings = bench.read({})[0]
    assert len(list(bench.calibration.runs_for(settings, []))) == bench.calibration.run_count(
        settings
    )


def test_of_a_server_of_the_users_it_is_not_known(monkeypatch):
    bench = load_bench("async_io")
    settings = bench.read({"urls": "http://shop.example/"})[0]
    assert bench.calibration.run_count(settings) is None
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://db.example/shop")
    bench = load_bench("connection_pool")
    assert bench.calibration.run_count(bench.read({})[0]) is None
