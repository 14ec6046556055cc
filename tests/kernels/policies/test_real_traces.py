"""Hit counts on real traces, as libCacheSim counts them."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import kernels

pytestmark = pytest.mark.compiled

CAPACITIES = (50, 200, 1_000, 5_000, 20_000)
HITS = {
    ("web07", "lru"): (21_378, 29_679, 38_368, 47_702),
    ("web07", "fifo"): (20_215, 27_532, 36_300, 46_083),
    ("web07", "sieve"): (23_359, 31_986, 40_536, 48_719),
    ("web07", "clock"): (21_769, 30_183, 38_811, 48_096),
    ("web07", "s3fifo"): (24_090, 33_202, 41_192, 48_521),
    ("web07", "lfu"): (15_874, 23_270, 34_229, 48_131),
    ("web07", "arc"): (23_318, 31_772, 40_373, 48_955),
    ("web12", "clock"): (27_893, 42_689, 62_564, 77_523),
    ("web12", "s3fifo"): (25_788, 44_990, 65_971, 77_971),
    ("web12", "lfu"): (12_877, 24_666, 52_460, 77_102),
    ("web12", "arc"): (28_174, 43_621, 64_475, 78_292),
    ("orm-busy", "clock"): (2_229_837, 2_999_675, 3_928_789, 4_267_531, 4_676_244),
    ("orm-busy", "s3fifo"): (1_749_367, 2_854_916, 3_884_614, 4_331_960, 4_705_872),
    ("orm-busy", "lfu"): (325_913, 513_601, 1_243_595, 2_751_273, 4_296_170),
    ("orm-busy", "arc"): (2_317_339, 3_098_542, 3_924_504, 4_287_077, 4_679_315),
    ("web07", "twoq"): (24_338, 32_943, 40_364, 47_709),
    ("web12", "twoq"): (26_353, 44_908, 65_046, 76_604),
    ("orm-busy", "twoq"): (1_871_371, 2_910_791, 3_942_820, 4_347_002),
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
    requests = kernels.Requests(ids, n_keys, *kernels.previous_and_next(ids, n_keys))
    assert kernels.policy_hits(policy, requests, capacity).tolist() == [hits]


@pytest.mark.parametrize(
    ("name", "policy", "capacity", "hits"),
    [row for row in ROWS if kernels.POLICIES[row[1]].bounded],
)
def test_bounded_caches_hit_the_same_where_nothing_binds(read_trace, name, policy, capacity, hits):
    ids, n_keys = read_trace(name)
    counts = kernels.policy_counts(policy, ids, n_keys, capacity)
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


@pytest.mark.parametrize(
    ("name", "capacity", "points"),
    [
        ("web07", 200, 1.0),
        ("web07", 1_000, 2.0),
        ("web07", 5_000, 2.0),
        ("web12", 200, 1.0),
        ("web12", 1_000, 1.0),
        ("web12", 5_000, 1.0),
    ],
)
def test_wtinylfu_is_near_that_of_libcachesim_which_has_another_sketch(
    read_trace, name, capacity, points
):
    theirs = {
        "web07": {200: 29_457, 1_000: 38_604, 5_000: 46_649},
        "web12": {200: 40_117, 1_000: 63_694, 5_000: 76_547},
    }[name][capacity]
    ids, n_keys = read_trace(name)
    requests = kernels.Requests(ids, n_keys, *kernels.previous_and_next(ids, n_keys))
    ours = int(kernels.policy_hits("wtinylfu", requests, capacity).sum())
    assert abs(ours - theirs) / len(ids) * 100 <= points
