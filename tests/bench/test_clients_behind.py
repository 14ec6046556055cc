from __future__ import annotations

import pytest

from perflab.bench.live import clients_behind
from perflab.bench.registry import load_bench
from perflab.bench.session import Measured
from perflab.settings import LoadSettings, Settings


def said(requests, seconds=10.0, **load):
    measured = Measured(seconds, requests, {}, {}, {}, 0.0, LoadSettings(**load))
    return clients_behind(Settings(), measured)


@pytest.mark.parametrize(
    ("requests", "load"),
    [
        (100, {}),
        (9_000, {"request_rate": 1_000}),
        (3, {"request_rate": 1}),
        (0, {"request_rate": 1}),
    ],
    ids=["no rate", "nearly", "few were due", "none came"],
)
def test_nothing_is_said_of_clients_that_keep_up(requests, load):
    assert said(requests, **load) == ()


@pytest.mark.parametrize(
    ("threads", "who"), [(1, "1 client thread was"), (4, "all 4 client threads were")]
)
def test_clients_that_fall_behind_a_rate_are_told(threads, who):
    (text,) = said(5_000, request_rate=1_000, concurrency=threads)
    assert text == (
        f"requests came at 500/s instead of 1k/s, as {who} busy all the time; "
        "set a higher concurrency, or a lower request rate"
    )


@pytest.mark.parametrize("pattern", ["cache", "redis_cache", "lazy_loading"])
def test_patterns_whose_clients_wait_tell_it(pattern):
    assert load_bench(pattern).live.remarks is clients_behind
