import json

import pytest

SMALL = "zipf:skew=0.9,keys=1k,requests=20k,seed=1"


def test_recommendation_says_why(perflab, tmp_path):
    out = tmp_path / "best.json"
    answer = perflab("tune", "cache", "-w", SMALL, "--set", "max_cache_size=10", "--out", out)
    assert answer.status == 0
    kept = json.loads(out.read_text())
    assert kept["reason"] in answer.out
    assert f"{kept['settings']['max_cache_size']:,}" in answer.out
    assert kept["before"]["max_cache_size"] == 10


def test_limit_is_kept(perflab):
    options = ("--limit", "entries<=50", "--objective", "max:hit_rate", "--json")
    result = perflab("tune", "cache", "-w", SMALL, *options).json
    assert result["metrics"]["entries"] <= 50
    assert result["limits"] == ["entries<=50"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--objective", "hit_rate"], "max:METRIC"),
        (["--objective", "max:hit_rat"], "did you mean 'hit_rate'"),
        (["--limit", "memory<1GiB"], "did you mean 'memory_bytes'"),
        (["--limit", "memory_bytes is small"], "is not a condition"),
    ],
)
def test_bad_input_is_one_line(refused, options, said):
    assert said in refused("tune", "cache", "-w", SMALL, *options)


@pytest.mark.parametrize("limit", ["hit_rate>=2", "memory_bytes<=1", "misses<=3"])
def test_limits_that_nothing_keeps_exit_with_1(perflab, limit):
    answer = perflab("tune", "cache", "-w", SMALL, "--limit", limit)
    assert answer.status == 1
    assert "no setting satisfies" in answer.err
    assert answer.out == ""
