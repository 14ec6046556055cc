from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.alerts import (
    AlertWatch,
    Condition,
    alert_for,
    check_alerts,
    parse_alert,
    parse_condition,
    why_unchecked,
)
from perflab.lab.run import Run
from perflab.lab.verbs import run

LOW_HITS = parse_alert("hit_rate<0.8 for 5s")


@pytest.mark.parametrize(
    ("text", "metric", "comparison", "value", "seconds"),
    [
        ("hit_rate<0.8 for 5s", "hit_rate", "<", 0.8, 5),
        ("hit_rate < 80% for 1m", "hit_rate", "<", 0.8, 60),
        ("latency_seconds_p99>20ms", "latency_seconds_p99", ">", 0.02, 0),
        ("memory_bytes>=512MiB for 250ms", "memory_bytes", ">=", 2**29, 0.25),
        ("throughput_per_second<=10k", "throughput_per_second", "<=", 10_000, 0),
        ("memory_bytes<=3 GB for 2 minutes", "memory_bytes", "<=", 3e9, 120),
        ("hit_rate >= 62.5 % for 1 hour", "hit_rate", ">=", 0.625, 3600),
        ("throughput_per_second<7 500", "throughput_per_second", "<", 7500, 0),
        ("requests>1_250 for 1 500 ms", "requests", ">", 1250, 1.5),
    ],
)
def test_alert_is_read_in_its_metrics_unit(text, metric, comparison, value, seconds):
    alert = parse_alert(text)
    assert alert.condition == Condition(metric, comparison, pytest.approx(value))
    assert alert.seconds == seconds
    assert alert.text == text


def test_spaces_do_not_make_another_alert():
    assert parse_alert("  hit_rate<0.8   for  5s ") == LOW_HITS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an alert; write it like 'hit_rate<0.8 for 5s'"),
        ("hit_rate", "is not an alert"),
        ("hit_rate=0.8", "is not an alert"),
        ("hit_rate<0.8 for", "is not an alert"),
        ("memory_bytes<3 4 GB", "is not an alert"),
        ("hit_rate<0.8 during 5s", "is not an alert"),
        ("hitrate<0.8", "did you mean 'hit_rate'?"),
        ("hit_rate<high", "'high' is not a quantity of ratio; write it like 0.8"),
        ("hit_rate<none", "'none' is not a quantity"),
        ("hit_rate<x%", "'x' is not a quantity"),
        ("hit_rate<0.8 for ever", "'ever' is not a quantity of seconds"),
        ("hit_rate<0.8 for -5s", "cannot be negative"),
        ("memory_bytes>5s", "is not a quantity of bytes"),
        ("memory_bytes>50%", "is not a share, so it has no %"),
    ],
)
def test_what_is_no_alert_is_one_clear_line_that_names_it(text, message):
    with pytest.raises(BadInputError) as caught:
        parse_alert(text)
    assert message in str(caught.value)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory_bytes<=87654", "memory_bytes<=87654"),
        ("memory_bytes <= 3 GB", "memory_bytes<=3 GB"),
        ("memory_bytes<=256MiB", "memory_bytes<=256 MiB"),
        ("latency_seconds_p99<1234us", "latency_seconds_p99<1234us"),
        ("throughput_per_second>20k", "throughput_per_second>20k/s"),
    ],
)
def test_bound_of_a_condition_is_not_rounded(text, said):
    assert str(parse_condition(text)) == said


def test_bound_that_nobody_wrote_has_all_its_digits():
    assert str(Condition("memory_bytes", "<=", 87_654.0)) == "memory_bytes<=87,654 bytes"


def test_condition_has_no_hold_time():
    assert parse_condition("memory_bytes<=1GiB") == Condition("memory_bytes", "<=", 2**30)
    with pytest.raises(BadInputError, match="is not a condition; write it like hit_rate>="):
        parse_condition("hit_rate<0.8 for 5s")


@pytest.mark.parametrize(
    ("comparison", "below", "same", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_condition_compares(comparison, below, same, above):
    condition = parse_condition(f"hit_rate{comparison}0.5")
    assert [condition.holds(value) for value in (0.4, 0.5, 0.6)] == [below, same, above]


def test_condition_is_written_with_its_unit():
    assert str(parse_condition("memory_bytes<=536870912")) == "memory_bytes<=512 MiB"


def test_alert_fires_once_it_has_held_for_its_time():
    watch = AlertWatch((LOW_HITS,))
    assert watch.look(1.0, {"hit_rate": 0.7}) == []
    assert watch.look(5.9, {"hit_rate": 0.7}) == []
    fired = {"alert": LOW_HITS.text, "metric": "hit_rate", "fired": True}
    assert watch.look(6.0, {"hit_rate": 0.6}) == [{**fired, "seconds": 6.0, "value": 0.6}]
    assert watch.look(7.0, {"hit_rate": 0.5}) == []
    assert watch.report() == [{**fired, "seconds": 6.0, "value": 0.6}]


def test_recovery_starts_the_hold_time_anew():
    watch = AlertWatch((LOW_HITS,))
    watch.look(0.0, {"hit_rate": 0.7})
    watch.look(4.0, {"hit_rate": 0.9})
    watch.look(4.5, {"hit_rate": 0.7})
    assert watch.look(9.0, {"hit_rate": 0.7}) == []
    assert len(watch.look(9.5, {"hit_rate": 0.7})) == 1


def test_row_without_the_metric_starts_the_hold_time_anew():
    watch = AlertWatch((LOW_HITS,))
    watch.look(0.0, {"hit_rate": 0.7})
    watch.look(3.0, {"entries": 7})
    assert watch.look(6.0, {"hit_rate": 0.7}) == []


def test_alert_without_a_hold_time_fires_at_once():
    watch = AlertWatch((parse_alert("errors>0"),))
    assert watch.look(0.1, {"errors": 0}) == []
    assert [fired["seconds"] for fired in watch.look(0.2, {"errors": 1})] == [0.2]


def test_alert_that_never_fired_is_reported_as_such():
    watch = AlertWatch((LOW_HITS,))
    watch.look(0.0, {"hit_rate": 0.9})
    assert watch.report() == [
        {
            "alert": LOW_HITS.text,
            "metric": "hit_rate",
            "fired": False,
            "seconds": None,
            "value": None,
            "watched": 0.0,
        }
    ]


def test_alert_says_how_long_it_was_watched_and_held_at_the_end():
    watch = AlertWatch((LOW_HITS,))
    for seconds, value in ((1.0, 0.9), (2.0, 0.7), (5.0, 0.6)):
        watch.look(seconds, {"hit_rate": value})
    (quiet,) = watch.report()
    assert (quiet["watched"], quiet["held"]) == (4.0, 3.0)
    watch.look(6.0, {"hit_rate": 0.9})
    assert "held" not in watch.report()[0]


@pytest.mark.parametrize(
    ("text", "known", "why"),
    [
        ("hit_rate<0.8 for 5s", {"watched": 5.0}, ""),
        ("hit_rate<0.8 for 5s", {"watched": 4.0}, "watched for 4 s only"),
        ("hit_rate<0.8 for 2s", {}, ""),
        ("hit_rate<0.8 for 5s", {}, "watched for 2.9 s only"),
        ("what is this", {"watched": 0.0}, ""),
        (
            "hit_rate<0.8 for 1m",
            {"watched": 70.0, "held": 40.0},
            "its condition held for 40 s when the run ended",
        ),
        (
            "hit_rate<0.8 for 1m",
            {"watched": 70.0, "held": 0.0},
            "its condition began to hold when the run ended",
        ),
    ],
)
def test_alert_that_had_too_little_time_says_why(text, known, why):
    rows = [{"seconds": 0.1 * n, "requests": n, "hit_rate": 0.9} for n in range(1, 31)]
    found = Run("cache", {}, {}, {"hit_rate": 0.9}, rows)
    quiet = {"alert": text, "metric": "hit_rate", "fired": False, **known}
    assert why_unchecked(quiet, found) == why


def test_alert_added_twice_is_watched_once():
    watch = AlertWatch((LOW_HITS, LOW_HITS))
    watch.add(LOW_HITS)
    assert len(watch.report()) == 1


def test_alert_that_is_removed_and_added_again_knows_nothing_of_before():
    watch = AlertWatch((LOW_HITS,))
    watch.look(0.0, {"hit_rate": 0.1})
    watch.remove(LOW_HITS.text)
    assert watch.look(9.0, {"hit_rate": 0.1}) == []
    assert watch.report() == []
    watch.add(LOW_HITS)
    assert watch.look(10.0, {"hit_rate": 0.1}) == []
    assert len(watch.look(15.0, {"hit_rate": 0.1})) == 1


@given(values=st.lists(st.floats(0, 1), max_size=40), hold=st.integers(0, 10))
def test_alert_fires_at_the_end_of_the_first_stretch_that_is_long_enough(values, hold):
    watch = AlertWatch((parse_alert(f"hit_rate<0.5 for {hold}s"),))
    fired = [
        second
        for second, value in enumerate(values)
        for _ in watch.look(float(second), {"hit_rate": value})
    ]
    ends = range(hold, len(values))
    expected = [end for end in ends if all(v < 0.5 for v in values[end - hold : end + 1])]
    assert fired == expected[:1]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("cache", "rows_in<5"),
        ("connection_pool", "hit_rate<0.5"),
        ("streaming", "breaker_open>0"),
        ("async_io", "buffer_items<1"),
    ],
)
def test_alert_on_a_metric_of_another_pattern_is_refused(pattern, text):
    with pytest.raises(BadInputError, match=f"{pattern} has no metric"):
        check_alerts(load_bench(pattern), [parse_alert(text)])
    with pytest.raises(BadInputError, match=f"{pattern} has no metric"):
        alert_for(load_bench(pattern), text)


def test_alert_that_must_hold_for_as_long_as_the_run_is_refused():
    bench = load_bench("cache")
    for seconds in (5.1, None):
        check_alerts(bench, [LOW_HITS], seconds)
    with pytest.raises(BadInputError, match="must hold for 5 s, and the run lasts 5 s only"):
        check_alerts(bench, [LOW_HITS], 5)
    with pytest.raises(BadInputError, match=r"hit_rate<0\.8 for 5s: must hold for 5 s"):
        run("cache", seconds=2, alerts=[LOW_HITS.text], progress=False)


def test_alert_on_what_a_run_does_not_measure_is_told_of():
    alerts = ["byte_hit_rate>0", "hits>0", "hits<0", "hits<0 for 5s"]
    found = run("cache", "loop:keys=5,requests=50", seconds=30, alerts=alerts, progress=False)
    assert [alert["fired"] for alert in found.alerts] == [False, True, False, False]
    missing, _, kept, short = (why_unchecked(alert, found) for alert in found.alerts)
    assert (missing, kept) == ("its metric was not measured", "")
    assert short.startswith("watched for ")
    (note,) = [note for note in found.notes if "could not fire" in note]
    assert "the run measured no byte_hit_rate" in note
