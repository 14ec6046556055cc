"""Ship, do not ship, or look closer: one rule, from thresholds and from trust."""

import dataclasses

import pytest

from perflab.bench import Objective, load_bench
from perflab.reports import Report
from perflab.reports.thresholds import thresholds_of
from perflab.reports.trust import _MODEL_IS_OFF


def decided(*results):
    return Report.of(results).chapters[0].decision


@pytest.fixture
def good_run(make_run):
    """Measured at the recommended settings, as it was predicted, and no alert fired."""
    run = make_run()
    quiet = tuple({**alert, "fired": False, "seconds": None} for alert in run.alerts)
    return make_run(alerts=quiet)


def test_recommendation_that_was_measured_and_keeps_its_limits_is_shipped(recommendation, good_run):
    found = decided(recommendation, good_run)
    assert (found.answer, found.reasons) == ("ship", ())
    assert [each.passed for each in found.thresholds] == [True, True, True]
    assert found.counted_thresholds == "3 of 3 thresholds passed"
    assert all(check.ok for check in found.checks)


def test_recommendation_that_nobody_ran_needs_a_look(recommendation):
    found = decided(recommendation)
    assert found.answer == "needs a look"
    assert found.reasons == ("Nothing was measured: run these settings live.",)


def test_alert_that_fired_stops(recommendation, make_run):
    found = decided(recommendation, make_run())
    assert found.answer == "do not ship"
    (reason,) = found.reasons
    assert reason.startswith("Alert failed: hit rate at least 90 %")
    assert found.counted_thresholds == "2 of 3 thresholds passed, 1 failed"


def test_limit_is_judged_by_what_was_measured(make_recommendation, good_run, make_run):
    tight = make_recommendation(limits=("memory_bytes<=3MiB",))
    large = {**good_run.metrics, "memory_bytes": 2.0**22}
    small = {**good_run.metrics, "memory_bytes": 2.0**21}
    for metrics, answer in ((large, "do not ship"), (small, "ship")):
        run = make_run(metrics=metrics, since_change={}, fitted={}, alerts=())
        assert decided(tight, run).answer == answer
    assert decided(tight).answer == "do not ship"  # as it was predicted
    assert decided(tight).thresholds[0].found == "3.77 MiB predicted"


def test_objective_that_no_setting_reaches_stops(make_recommendation):
    found = decided(make_recommendation(unreached="No cache size reaches a hit rate of 99.9 %"))
    assert found.answer == "do not ship"
    assert found.reasons[0] == "No cache size reaches a hit rate of 99.9 %."


def test_change_for_the_worse_stops_and_for_the_better_ships(make_run, good_run):
    small = make_run(1000, alerts=(), speedup=None)
    assert decided(small, good_run).answer == "ship"
    worse = decided(good_run, small)
    assert worse.answer == "do not ship"
    assert worse.reasons == ("The change is for the worse.",)


@pytest.mark.parametrize(("target", "passed"), [(0.98, True), (0.999, False)])
def test_target_of_the_objective_is_a_threshold(target, passed, recommendation, good_run):
    chapter = Report.of([recommendation, good_run]).chapters[0]
    goal = Objective("max", "hit_rate", target=target)
    scope = dataclasses.replace(chapter.scope, objective=goal)
    (found,) = [each for each in thresholds_of(scope, chapter.results) if each.kind == "target"]
    assert found.passed is passed
    assert found.text == f"hit rate at least {target * 100:g} %"
    assert found.found == "98.8 % measured"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"doubts": ("12 lines were skipped",)}, "The run is doubtful: 12 lines were skipped."),
        ({"metrics": {"requests": 5.0}}, "Only 5 requests were measured."),
        (
            {"metrics": {"requests": 1e4, "errors": 50.0}},
            "50 requests failed or timed out (0.5 %).",
        ),
        (
            {"metrics": {"requests": 1e4, "timeouts": 1.0}},
            "1 request failed or timed out (0.01 %).",
        ),
    ],
)
def test_what_makes_a_run_doubtful_needs_a_look(fields, said, recommendation, good_run, make_run):
    metrics = {**good_run.metrics, **fields.get("metrics", {})}
    doubtful = make_run(**{**fields, "metrics": metrics, "alerts": good_run.alerts})
    found = decided(recommendation, doubtful)
    assert found.answer == "needs a look"
    assert said in found.reasons


def test_model_that_is_off_with_the_runs_own_times_needs_a_look(recommendation, good_run, make_run):
    off = {**good_run.fitted, "hit_rate": 0.5}
    wrong = make_run(fitted=off, predicted=off, alerts=good_run.alerts)
    found = decided(recommendation, wrong)
    assert found.answer == "needs a look"
    (reason,) = found.reasons
    assert _MODEL_IS_OFF in reason.lower()
    assert "hit rate" in reason


def test_machine_that_was_faster_when_it_was_calibrated_is_no_reason(
    recommendation, good_run, make_run
):
    faster = {**good_run.predicted, "latency_seconds_mean": 1e-6}
    run = make_run(predicted=faster, alerts=good_run.alerts)
    assert decided(recommendation, run).answer == "ship"


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ({"request_rate": 200.0}, "request rate 200 requests/s, the recommendation is for"),
        ({"concurrency": 8}, "concurrency 8 threads, the recommendation is for"),
        ({"backend": "delay"}, "backend delay, the recommendation is for backend sqlite"),
        ({"backend_seconds": 0.0}, "backend 0 s, the recommendation is for backend 1 ms"),
        ({"backend_scale": 2.0}, "backend scale 2 times, the recommendation is for"),
        ({"writes": "ignore"}, "writes ignore, the recommendation is for writes recorded"),
        ({"ttl_from": "setting"}, "TTL from setting, the recommendation is for TTL from recorded"),
    ],
)
def test_run_under_another_load_measured_something_else(
    load, said, make_recommendation, good_run, make_run
):
    tight = make_recommendation(limits=("memory_bytes<=3MiB",))
    small = {**good_run.metrics, "memory_bytes": 2.0**21}
    fields = {"metrics": small, "since_change": {}, "fitted": {}, "alerts": ()}
    other = make_run(settings={**good_run.settings, **load}, **fields)
    found = decided(tight, other)
    assert found.thresholds[0].found == "3.77 MiB predicted"
    assert not any(check.text == "The settings were measured live." for check in found.checks)
    (reason,) = (reason for reason in found.reasons if reason.startswith("The run had "))
    assert said in reason
    assert decided(tight, other, make_run(**fields), other).answer == "ship"


def test_run_whose_file_lacks_newer_settings_had_their_defaults(recommendation, good_run, make_run):
    newer = ("writes", "ttl_from", "backend_scale", "negative_ttl_seconds")
    older = {key: value for key, value in good_run.settings.items() if key not in newer}
    run = make_run(settings=older, alerts=good_run.alerts)
    assert decided(recommendation, run).answer == "ship"


@pytest.mark.parametrize("is_better", [True, False])
def test_two_runs_under_different_loads_need_a_look(is_better, make_run, good_run):
    paced = {**make_run(1000).settings, "request_rate": 200.0}
    small = make_run(1000, alerts=(), settings=paced)
    results = (small, good_run) if is_better else (good_run, small)
    made = Report.of(results)
    found, verdict = made.chapters[0].decision, made.chapters[0].verdict
    assert found.answer == "needs a look"
    (reason,) = found.reasons
    rates = ["200 requests/s", "none"][:: 1 if is_better else -1]
    assert reason == (
        f"The first run had request rate {rates[0]}, the last request rate {rates[1]}."
    )
    assert "Keep" not in verdict.headline
    assert "for the worse" not in verdict.effect
    assert {card.tone for card in verdict.cards} == {""}
    (effect,) = [table for table in made.tables if table.name == "effect"]
    assert {row[4].text for row in effect.rows} <= {"", "same"}
    last = results[-1].settings["max_cache_size"]
    assert made.to_dict()["settings"]["max_cache_size"] == last


@pytest.mark.parametrize(
    ("pattern", "changes", "differs"),
    [
        ("connection_pool", {"speedup": 0.1}, True),
        ("connection_pool", {"speedup": 1.0}, False),
        ("connection_pool", {"speedup": None}, False),
        ("async_io", {"speedup": 0.1, "load_model": "open"}, True),
        ("async_io", {"speedup": 0.1, "load_model": "closed"}, False),
        ("cache", {"speedup": 0.1}, False),
        ("prefetching", {"speedup": 0.1}, False),
    ],
)
def test_speedup_is_another_load_where_requests_have_a_rate_of_their_own(
    pattern, changes, differs, make_recommendation, make_run
):
    settings, load = load_bench(pattern).read({**changes, "speedup": None})
    wanted = {**settings.shown(), **load.shown()}
    run = make_run(pattern=pattern, settings={**wanted, **changes}, fitted={}, alerts=())
    best = make_recommendation(
        pattern=pattern, settings=wanted, before=wanted, points=(), alternatives=(), limits=()
    )
    said = "The run had speedup 0.1 times, the recommendation is for speedup none"
    assert any(said in reason for reason in decided(best, run).reasons) is differs
    fast = {"request_rate": 50.0}
    of_rate = make_run(pattern=pattern, settings={**run.settings, **fast}, fitted={}, alerts=())
    rated = dataclasses.replace(best, settings={**wanted, **fast})
    assert not any("speedup" in reason for reason in decided(rated, of_rate).reasons)


def test_run_without_anything_to_keep_needs_a_look(make_run):
    found = decided(make_run(alerts=()))
    assert found.answer == "needs a look"
    assert found.reasons == ("No limit or alert was set, so nothing says what is good enough.",)


def test_alert_on_what_was_not_measured_is_not_checked(make_run):
    blind = {"alert": "byte_hit_rate<0.5", "metric": "byte_hit_rate", "fired": False}
    found = decided(make_run(alerts=(blind,)))
    assert found.thresholds[0].mark == "not checked"
    assert found.answer == "needs a look"


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"watched": 2.0}, "watched for 2 s only"),
        ({"watched": 8.0, "held": 4.0}, "its condition held for 4 s when the run ended"),
        ({}, "watched for 2.9 s only"),
    ],
)
def test_alert_that_had_too_little_time_to_fire_is_not_checked(known, found, make_run):
    quiet = {"alert": "hit_rate<0.9 for 5s", "metric": "hit_rate", "fired": False, **known}
    made = decided(make_run(alerts=(quiet,)))
    assert (made.thresholds[0].mark, made.thresholds[0].found) == ("not checked", found)
    assert made.answer == "needs a look"
    (reason,) = made.reasons
    assert reason.endswith(f"but for less than 5 s; {found}.")


def test_results_of_two_workloads_need_a_look(make_run, good_run):
    other = {**good_run.workload, "fingerprint": "another"}
    smaller = make_run(1000, alerts=(), workload=other)
    for results in ((smaller, good_run), (good_run, smaller)):
        found = decided(*results)
        assert found.answer == "needs a look"
        assert found.reasons == ("The results are of different workloads.",)


def test_limit_that_cannot_be_read_is_shown_as_it_is(make_recommendation, good_run):
    found = decided(make_recommendation(limits=("<b>no_such<5</b>",)), good_run)
    assert found.thresholds[0].text == "<b>no_such<5</b>"
    assert found.thresholds[0].passed is None
    assert found.answer == "needs a look"


def test_turns_that_chose_another_setting_or_ended_early_need_a_look(make_recommendation, run):
    taken = {
        "metric": "hit_rate",
        "outcome": "recommended is worse than knee.",
        "shipped": "knee",
        "ended": "decided",
        "confidence": 0.95,
        "seconds": 10.0,
        "budget_seconds": 60.0,
        "turn_seconds": 1.0,
        "most_requests": None,
        "contenders": [
            {
                "name": "recommended",
                "written": "3,800 entries",
                "settings": {},
                "rounds": [],
                "failed": "",
                "compared": None,
            }
        ],
    }
    other = decided(make_recommendation(measured=run.metrics, turns=taken))
    assert other.answer == "needs a look"
    assert other.reasons[0].startswith("Run in turns, knee did better")
    early = {**taken, "shipped": "recommended", "ended": "budget"}
    (reason,) = decided(make_recommendation(measured=run.metrics, turns=early)).reasons
    assert "before it was decided" in reason
    sure = {**taken, "shipped": "recommended"}
    assert decided(make_recommendation(measured=run.metrics, turns=sure)).answer == "ship"


def test_decision_stands_first_in_every_form(recommendation, good_run, tmp_path):
    made = Report.of([recommendation, good_run], author="Ada Lovelace")
    page, text, summary = made.to_html(), made.to_markdown(), made.to_summary()
    assert page.index('<p class="decision"><strong>Ship</strong>') < page.index('class="card')
    assert "**Ship (3 of 3 thresholds passed). Ship max cache size" in text
    assert summary.startswith("### ✅ Ship. Ship max cache size 3,800 entries")
    for form in (page, text, summary):
        assert "Ada Lovelace" in form
    assert made.to_dict()["decision"]["answer"] == "ship"
    assert made.to_dict()["author"] == "Ada Lovelace"
