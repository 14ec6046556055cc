import json
import re

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


@pytest.fixture
def shares(monkeypatch):
    """Have turns measure hit rates that are given by name; Ctrl-C once they are at an end."""

    def have(**known):
        class Turns:
            most_requests = None
            starts_anew = True

            def __init__(self, *_, **__):
                self.left = known.pop("turns", 1_000)

            def __call__(self, name):
                if not self.left:
                    raise KeyboardInterrupt
                self.left -= 1
                return {"hit_rate": known[name], "requests": 10.0}

            def ran(self, name):
                return None

            def close(self):
                pass

        monkeypatch.setattr("perflab.tuning.turns.checked.KeptTurns", Turns)

    return have


LIVE = ("tune", "cache", "-w", SMALL, "--set", "max_cache_size=10", "--live")


def test_turns_are_a_sentence_and_a_table(perflab, shares):
    shares(recommended=0.8, now=0.4, knee=0.7, best=0.8)
    answer = perflab(*LIVE)
    assert answer.status == 0
    assert "\nRun in turns over 3 rounds, max_cache_size " in answer.out
    assert (
        "better than max_cache_size 10 with policy LRU (now): hit rate +40.0 points" in answer.out
    )
    (row,) = [line for line in answer.out.splitlines() if line.startswith("now ")]
    same = "−40.0 points"
    assert re.split(r" {2,}", row)[-4:] == ["40 %", same, f"{same} to {same}", "worse"]


def test_a_rival_that_turns_favour_is_what_the_command_recommends(perflab, shares):
    shares(recommended=0.4, now=0.8, knee=0.4, best=0.4)
    found = perflab(*LIVE, "--json").json
    assert found["settings"]["max_cache_size"] == 10
    assert found["turns"]["shipped"] == "now"
    answer = perflab(*LIVE)
    assert answer.out.count("Run in turns over") == 1
    assert "Nothing to change." in answer.out


def test_ctrl_c_ends_the_turns_with_what_is_known(perflab, shares, tmp_path):
    shares(recommended=0.8, now=0.4, knee=0.7, best=0.8, turns=7)
    out = tmp_path / "best.json"
    answer = perflab(*LIVE, "--out", out)
    assert answer.status == 130
    assert re.search(r"The turns were interrupted after [12] rounds?, before", answer.out)
    assert json.loads(out.read_text())["turns"]["ended"] == "interrupted"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budget", "1m"], "applies only to --live"),
        (["--turn", "2s"], "applies only to --live"),
        (["--live", "--budget", "soon"], "--budget"),
        (["--live", "--turn", "0"], "is not a time above 0"),
    ],
)
def test_times_of_turns_are_checked(refused, options, said):
    assert said in refused("tune", "cache", "-w", SMALL, *options)


@pytest.mark.parametrize("pattern", ["cache", "lazy_loading"])
def test_a_pattern_is_tuned_in_turns_on_its_own_workload(perflab, shares, pattern):
    shares(recommended=0.8, now=0.4, knee=0.7, best=0.8, turns=0)
    answer = perflab("tune", pattern, "--live")
    assert answer.status == 130
    assert "The turns were interrupted after 0 rounds, before everything was decided" in answer.out


ASYNC = ("tune", "async_io", "-w")


@pytest.mark.parametrize(
    ("workload", "settings", "said", "not_said"),
    [
        ("poisson:rate=500,requests=3k,seed=1", (), "3,000 requests in a closed loop", " at 5"),
        ("steady:rate=1,requests=20", ("max_concurrent=1",), "20 requests in a closed", "at 1/s"),
        ("steady:rate=50,requests=2k", ("load_model=open",), "2,000 requests at 50/s", "closed"),
        (
            "steady:rate=50,requests=2k",
            ("load_model=open", "request_rate=5"),
            "2,000 requests at 5/s",
            "at 50/s",
        ),
    ],
)
def test_the_rate_of_the_headline_is_the_one_that_holds(
    perflab, workload, settings, said, not_said
):
    options = [part for each in settings for part in ("--set", each)]
    head, _, rest = perflab(*ASYNC, workload, *options).out.partition("\n")
    assert said in head
    assert not_said not in head
    if "closed loop" in said:
        assert "load_model is closed: each request follows one that has ended" in rest


@pytest.mark.parametrize("requests", [1, 7, 40])
def test_no_more_in_flight_are_recommended_than_there_are_requests(perflab, requests):
    found = perflab(*ASYNC, f"steady:rate=1,requests={requests}", "--json").json
    assert 1 <= found["settings"]["max_concurrent"] <= requests


def test_a_rate_far_below_capacity_needs_few_in_flight(perflab):
    options = ("--set", "load_model=open", "--set", "request_rate=1", "--json")
    found = perflab(*ASYNC, "poisson:rate=500,requests=2k,seed=1", *options).json
    assert found["settings"]["max_concurrent"] <= 2
