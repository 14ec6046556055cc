"""What a recommendation becomes after turns, of which a made-up machine measures each."""

import itertools
import json
import math
import time

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.lab.calibration import Calibration
from perflab.tuning.recommend import tune
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.turns import checked
from perflab.workloads.kinds.trace import Trace

TRACE = Trace.from_keys(np.random.default_rng(2).zipf(1.3, 6_000) % 500, name="sample")
NOW = {"max_cache_size": 50}


@pytest.fixture
def live(monkeypatch):
    """Have turns measured by a function of name and settings; returns what tuning makes of it."""
    closed = []

    def of(measure, part=None, **more):
        class Turns:
            most_requests = 5_000
            starts_anew = True

            def __init__(self, bench, workload, values, seconds, *, loop, calibration):
                assert isinstance(calibration, Calibration)
                assert not loop
                self.values, self.count, self.seconds = values, 0, seconds

            def __call__(self, name):
                self.count += 1
                return measure(name, self.values[name], self.count)

            def ran(self, name):
                return part

            def close(self):
                closed.append(self)

        monkeypatch.setattr(checked, "KeptTurns", Turns)
        closed.clear()
        try:
            return tune("cache", TRACE, **{"settings": NOW, "live": True, **more})
        finally:
            # However it ends, but where nothing has begun.
            assert len(closed) == 1 or more.keys() & {"budget", "turn"}

    return of


def like(shares, noise=1e-4):
    """Measure some hit rate by name, with a little noise."""
    random = np.random.default_rng(1)
    return lambda name, *_: {"hit_rate": shares[name] + noise * random.normal(), "requests": 5e3}


def by_name(found):
    return {each["name"]: each for each in found.turns["contenders"]}


def test_what_holds_stays_recommended_and_says_by_how_much(live):
    predicted = tune("cache", TRACE, settings=NOW)
    shares = {"recommended": 0.8, "now": 0.5, "knee": 0.75, "best": 0.805}
    found = live(like(shares))
    assert found.settings == predicted.settings
    assert found.reason == predicted.reason
    assert found.turns["shipped"] == "recommended"
    assert found.turns["ended"] == "decided"
    said = found.turns["outcome"]
    assert said.startswith("Run in turns over 4 rounds, max_cache_size ")
    assert (
        "better than max_cache_size 50 with policy LRU (now): hit rate +30.0 points (95 %" in said
    )
    assert "as good as max_cache_size" in said
    assert "within 1 percentage point" in said
    assert found.measured["hit_rate"] == pytest.approx(0.8, abs=1e-3)
    assert [len(each["rounds"]) for each in by_name(found).values()] == [4, 4, 4, 4]
    assert not any("started from nothing" in note for note in found.notes)


def test_the_present_settings_stay_where_they_are_better(live):
    predicted = tune("cache", TRACE, settings=NOW)
    found = live(like({"recommended": 0.5, "now": 0.6, "knee": 0.4, "best": 0.4}))
    assert found.settings == found.before
    assert found.turns["shipped"] == "now"
    assert found.reason.startswith(found.turns["outcome"])
    assert found.turns["outcome"].endswith("Ship max_cache_size 50 with policy LRU (now) instead.")
    assert f"Predicted: {predicted.reason}" in found.reason
    assert found.metrics == found.before_metrics
    assert found.alternatives[0]["name"] == "predicted"
    assert found.alternatives[0]["settings"] == predicted.settings
    assert found.measured["hit_rate"] == pytest.approx(0.6, abs=1e-3)
    assert by_name(found)["now"]["compared"]["verdict"] == "worse"


def test_a_smaller_rival_that_is_as_good_is_recommended(live):
    found = live(like({"recommended": 0.8, "now": 0.5, "knee": 0.798, "best": 0.8}))
    assert found.turns["shipped"] == "knee"
    assert found.settings == by_name(found)["knee"]["settings"]
    assert "knee" not in [other["name"] for other in found.alternatives]


def test_a_rival_that_is_better_but_does_harm_is_not(live):
    def measure(name, _, count):
        share = {"best": 0.9, "recommended": 0.5}.get(name, 0.3)
        per_second = 70.0 if name == "best" else 100.0
        return {"hit_rate": share + 1e-5 * (count % 3), "throughput_per_second": per_second}

    found = live(measure)
    assert found.turns["shipped"] == "recommended"
    assert by_name(found)["best"]["compared"]["verdict"] == "worse"
    assert "It stays recommended: " in found.turns["outcome"]


def with_errors(shares, failed):
    """Measure some hit rate and some errors by name."""

    def measure(name, _, count):
        return {"hit_rate": shares[name] + 1e-5 * (count % 3), "errors": failed.get(name, 0.0)}

    return measure


def test_the_present_settings_stay_where_a_smaller_size_adds_errors(live):
    shares = {"recommended": 0.5, "now": 0.7, "knee": 0.2, "best": 0.2}
    more = {"settings": {"max_cache_size": 100}, "limits": "hit_rate>=0.4"}
    found = live(with_errors(shares, {"recommended": 40.0}), **more)
    assert by_name(found)["recommended"]["settings"]["max_cache_size"] < 100
    assert found.turns["shipped"] == "now"
    said = found.turns["outcome"]
    assert "adds no" not in said
    assert "(recommended) has errors 40 instead of 0." in said
    # With as few errors, the smaller one that reaches the target stays, for what was checked.
    found = live(with_errors(shares, {}), **more)
    assert found.turns["shipped"] == "recommended"
    words = "it is the smallest that is good enough, keeps the limits and adds no errors."
    assert f"It stays recommended: {words}" in found.turns["outcome"]


def test_errors_that_come_by_chance_decide_nothing(live):
    shares = {"recommended": 0.5, "now": 0.7, "knee": 0.2, "best": 0.2}

    def measure(name, _, count):
        return {
            "hit_rate": shares[name] + 1e-5 * (count % 3),
            "errors": 100.0 + 20 * (count % 3) + (5.0 if name == "recommended" else 0.0),
            "requests": 1_000.0 + 200 * (count % 2),
            "timeouts": 1.0 if name == "recommended" and count == 1 else 0.0,
        }

    more = {"settings": {"max_cache_size": 100}, "limits": "hit_rate>=0.4"}
    found = live(measure, **more)
    assert found.turns["shipped"] == "recommended"
    assert "instead of" not in found.turns["outcome"]


def test_errors_that_the_recommended_settings_add_are_named_first(live):
    shares = {"recommended": 0.6, "now": 0.3, "knee": 0.5, "best": 0.9}
    found = live(with_errors(shares, {"recommended": 40.0, "best": 90.0}))
    assert found.turns["shipped"] == "recommended"
    said = "Compared in the turns with max_cache_size 50 with policy LRU (now), max_cache_size"
    assert found.reason.startswith(said)
    assert "(recommended) has errors 40 instead of 0." in found.reason
    assert "It stays recommended: it is the smallest that is good enough." in found.turns["outcome"]


def test_what_is_not_decided_changes_nothing_and_says_so(live):
    measure = like({"recommended": 0.5, "now": 0.6, "knee": 0.6, "best": 0.6}, noise=0.2)

    def slow(*turn):
        time.sleep(0.01)
        return measure(*turn)

    found = live(slow, budget=0.03)
    assert found.turns["ended"] == "budget"
    assert found.turns["shipped"] == "recommended"
    said = found.turns["outcome"]
    assert said.startswith("The budget of 30 ms was over after ")
    assert "before everything was decided" in said


def test_ctrl_c_keeps_what_is_known(live):
    def measure(name, _, count):
        if count == 10:
            raise KeyboardInterrupt
        return {"hit_rate": 0.5 + 0.01 * (count % 4)}

    found = live(measure)
    assert found.turns["ended"] == "interrupted"
    assert found.turns["outcome"].startswith("The turns were interrupted after 1 round, before")
    assert len(by_name(found)["now"]["rounds"]) == 1


def test_a_rival_that_cannot_run_is_named_with_the_reason(live):
    def measure(name, _, count):
        if name == "best":
            raise RuntimeError("the child process of the run died (killed by SIGKILL)")
        return {"hit_rate": 0.8 if name == "recommended" else 0.4}

    found = live(measure)
    assert "(best) could not run: the child process of the run died" in found.turns["outcome"]
    assert by_name(found)["best"]["failed"]
    assert by_name(found)["best"]["rounds"] == []


def test_a_recommendation_that_cannot_run_is_refused(live):
    def measure(name, *_):
        raise BadInputError("there is no such table", "backend")

    with pytest.raises(BadInputError, match="no such table"):
        live(measure)


def test_the_rounds_come_back_from_the_file(live, tmp_path):
    found = live(like({"recommended": 0.8, "now": 0.5, "knee": 0.75, "best": 0.805}), budget=1e3)
    path = found.to_json(tmp_path / "best.json")
    assert Recommendation.load(path).to_dict() == found.to_dict()
    kept = json.loads(path.read_text())
    kept["turns"]["contenders"][1]["rounds"] = "many"
    path.write_text(json.dumps(kept))
    with pytest.raises(BadInputError, match="turns"):
        Recommendation.load(path)


def test_an_objective_that_no_run_measures_is_said(live):
    found = live(lambda *_: {"requests": 1.0}, objective="min:memory_bytes")
    assert "no run measures the memory, so that nothing could be compared" in found.turns["outcome"]
    assert found.turns["shipped"] == "recommended"


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"turn": -1.0}, {"budget": math.nan}])
def test_a_time_that_is_not_above_0_is_refused(live, wrong):
    with pytest.raises(BadInputError, match=f"{next(iter(wrong))}: is not a number of seconds"):
        live(like({}), **wrong)


def test_rivals_of_nearly_the_same_size_are_not_run(live):
    found = live(like({"recommended": 0.8, "now": 0.8, "knee": 0.8, "best": 0.8}))
    sizes = [each["settings"]["max_cache_size"] for each in found.turns["contenders"]]
    assert sizes[1] == 50
    others = [size for size in sizes if size != 50]
    assert all(one > 1.1 * other for one, other in itertools.pairwise(sorted(others)[::-1]))


def test_the_present_settings_are_run_however_near_they_are(live):
    chosen = tune("cache", TRACE, settings=NOW).settings["max_cache_size"]
    shares = {"recommended": 0.8, "now": 0.8, "knee": 0.7, "best": 0.8}
    now = chosen * 104 // 100
    found = live(like(shares), settings={"max_cache_size": now})
    assert now in [each["settings"]["max_cache_size"] for each in found.turns["contenders"]]


def test_what_has_no_rival_is_measured_once(live):
    found = live(lambda *_: {"hit_rate": 0.8}, settings={"max_cache_size": 2}, limits="entries<=2")
    (alone,) = found.turns["contenders"]
    assert alone["settings"] == found.before
    assert len(alone["rounds"]) == 1
    assert "has no rival to compare it with" in found.turns["outcome"]
    assert found.measured == {"hit_rate": 0.8}


@pytest.mark.parametrize(("held", "kept"), [(60.0, False), (40.0, True)])
def test_a_limit_that_is_not_kept_in_the_turns_is_named(live, held, kept):
    found = live(lambda *_: {"hit_rate": 0.8, "entries": held}, limits="entries<=50")
    assert ("did not keep entries<=50: 60." in found.turns["outcome"]) is not kept


def test_a_rival_that_breaks_a_limit_in_the_turns_is_not_recommended(live):
    def measure(name, *_):
        return {"hit_rate": 0.8, "entries": 45.0 if name == "recommended" else 60.0}

    found = live(measure, limits="entries<=50")
    assert len(found.turns["contenders"]) > 1
    assert found.turns["shipped"] == "recommended"
    assert "did not keep" not in found.turns["outcome"]


def test_a_limit_that_was_broken_is_not_called_kept(live):
    def measure(name, _, count):
        held = {"recommended": 60.0, "best": 90.0}.get(name, 40.0)
        share = {"best": 0.9, "recommended": 0.5}.get(name, 0.3)
        failed = 50.0 if name == "best" else 0.0
        return {"hit_rate": share + 1e-5 * (count % 3), "entries": held, "errors": failed}

    said = live(measure, limits="entries<=50").turns["outcome"]
    assert "did not keep entries<=50: 60." in said
    assert "keeps the limits" not in said


def test_turns_in_which_no_cache_can_fill_change_nothing(live):
    shares = {"recommended": 0.1, "now": 0.1, "knee": 0.1, "best": 0.1}
    found = live(like(shares), part=slice(0, 40))
    assert found.turns["shipped"] == "recommended"
    said = found.turns["outcome"]
    assert "These turns say little about the whole workload: with max_cache_size" in said
    assert "they ran 40 requests, for which the predicted hit rate is" in said
    assert any("ran the first 40 of 6,000 requests" in note for note in found.notes)
    assert live(like(shares), part=slice(0, 6_000)).turns["shipped"] != "recommended"
