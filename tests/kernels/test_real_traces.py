"""Hit counts on real traces, as libCacheSim counts them."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import kernels

CAPACITIES = (50, 200, 1_000, 5_000, 20_000)
HITS = {
    ("web07", "lru"): (21_378, 29_679, 38_368, 47_702),
    ("web07", "fifo"): (20_215, 27_532, 36_300, 46_083),
    ("web07", "sieve"): (23_359, 31_986, 40_536, 48_719),
    ("web07", "opt"): (33_250, 40_528, 48_398, 55_495),
    ("web12", "lru"): (27_714, 42_106, 61_882, 77_153),
    ("web12", "fifo"): (26_597, 39_735, 58_152, 74_536),
    ("web12", "sieve"): (25_816, 43_594, 65_237, 77_975),
    ("web12", "opt"): (45_478, 59_819, 74_333, 81_851),
    ("orm-busy", "lru"): (2_285_979, 2_943_242, 3_938_943, 4_273_062, 4_679_757),
    ("orm-busy", "fifo"): (2_340_448, 2_921_307, 3_891_805, 4_214_417, 4_608_406),
    ("orm-busy", "sieve"): (1_741_162, 2_774_510, 3_695_197, 4_276_060, 4_696_855),
    ("orm-busy", "opt"): (2_788_264, 3_506_006, 4_206_887, 4_569_887, 4_835_095),
}
ROWS = [
    (name, policy, capacity, hits)
    for (name, policy), row in HITS.items()
    for capacity, hits in zip(CAPACITIES, row, strict=False)
]


@pytest.mark.parametrize(("name", "policy", "capacity", "hits"), ROWS)
def test_hits_equal_those_of_libcachesim(read_trace, name, policy, capacity, hits):
    ids, n_keys = read_trace(name)
    previous, next_use = kernels.previous_and_next(ids, n_keys)
    counted = {
        "lru": lambda: kernels.lru_hits(previous, next_use, capacity),
        "fifo": lambda: kernels.fifo_hits(ids, n_keys, capacity),
        "sieve": lambda: kernels.sieve_hits(ids, n_keys, capacity),
        "opt": lambda: kernels.opt_hits(next_use, capacity),
    }[policy]()
    assert counted.tolist() == [hits]


@pytest.mark.parametrize(
    ("name", "policy", "capacity", "hits"), [row for row in ROWS if row[1] != "opt"]
)
def test_bounded_caches_hit_the_same_where_nothing_binds(read_trace, name, policy, capacity, hits):
    ids, n_keys = read_trace(name)
    run = getattr(kernels, f"{policy}_bounded")
    counts = run(ids, n_keys, capacity)
    assert counts.hits == counts.hit_bytes == hits
    assert counts.misses == len(ids) - hits
    assert counts.entries == counts.bytes == min(capacity, n_keys)
    assert counts.evictions == counts.misses - counts.entries
    assert counts.expirations == 0


@pytest.mark.parametrize("name", ["web07", "web12", "orm-busy"])
def test_the_curve_holds_the_hits_at_every_size(read_trace, name):
    ids, n_keys = read_trace(name)
    previous, _ = kernels.previous_and_next(ids, n_keys)
    curve = kernels.lru_curve(previous)
    expected = HITS[name, "lru"]
    assert curve[list(CAPACITIES[: len(expected)])].tolist() == list(expected)
    assert len(curve) == n_keys + 1
    assert curve[-1] == len(ids) - n_keys
    assert np.all(np.diff(curve) >= 0)
