"""Two results side by side: what differs, and whether that is better."""

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.run import Run
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.comparison import Comparison, compare, judge
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation

WORKLOAD = {"name": "flights", "fingerprint": "18cbd513a22ef535"}
SMALL = {"hit_rate": 0.607, "latency_seconds_mean": 4.3e-4, "memory_bytes": 1.04e6, "entries": 1e3}
LARGE = {
    "hit_rate": 0.9876,
    "latency_seconds_mean": 1.43e-5,
    "memory_bytes": 3.95e6,
    "entries": 38e2,
}


def settings_of(size):
    return {**CacheSettings(max_cache_size=size).model_dump(), **LoadSettings().model_dump()}


@pytest.fixture
def small():
    return Run("cache", WORKLOAD, settings_of(1000), SMALL)


@pytest.fixture
def large():
    return Run("cache", WORKLOAD, settings_of(3800), LARGE)


def judgements(made):
    return {row["metric"]: row["judgement"] for row in made.metrics}


def test_better_and_worse_follow_the_metric(small, large):
    assert judgements(compare(small, large)) == {
        "hit_rate": "better",
        "entries": "different",
        "latency_seconds_mean": "better",
        "memory_bytes": "worse",
    }
    assert judgements(compare(large, small))["memory_bytes"] == "better"
    assert set(judgements(compare(small, small)).values()) == {"same"}


def test_settings_that_differ_are_listed(small, large):
    assert compare(small, large).settings == ({"key": "max_cache_size", "a": 1000, "b": 3800},)
    assert compare(small, small).settings == ()
    assert "The settings are the same." in compare(small, small).to_text()


def test_text_is_a_table_for_a_terminal(small, large):
    lines = compare(small, large).to_text().splitlines()
    assert lines[0] == "A: measured, flights"
    rate = next(line for line in lines if line.startswith("hit rate"))
    assert rate.split() == ["hit", "rate", "60.7", "%", "98.8", "%", "+38.1", "points", "better"]
    latency = next(line for line in lines if line.startswith("latency"))
    assert latency.split()[-2:] == ["%", "better"]
    assert any(line.split() == ["max_cache_size", "1k", "3.8k"] for line in lines)


def test_frame_has_a_row_a_metric(small, large):
    frame = compare(small, large).to_frame()
    assert frame.loc["hit_rate", "difference"] == pytest.approx(0.3806)
    assert list(frame.columns) == ["a", "b", "difference", "judgement"]


@pytest.mark.parametrize(
    ("after", "noise", "judged"),
    [
        (0.62, 0.02, "within noise"),
        (0.62, 0.01, "better"),
        (0.59, None, "worse"),
        (0.607, 0.02, "same"),
    ],
)
def test_what_may_be_chance_is_within_noise(after, noise, judged):
    assert judge(metric("hit_rate"), 0.607, after, noise) == judged


def test_it_is_kept_as_json(small, large, tmp_path):
    made = compare(small, large)
    assert Comparison.load(made.to_json(tmp_path / "c.json")) == made


def test_files_are_read(small, large, tmp_path):
    a, b = small.to_json(tmp_path / "a.json"), large.to_json(tmp_path / "b.json")
    assert compare(a, str(b)) == compare(small, large)


def test_a_run_is_compared_with_what_was_predicted_and_recommended(small):
    point = {"settings": settings_of(3800), "metrics": LARGE, "sampled": 1.0, "error": 0.0}
    predicted = Predictions("cache", WORKLOAD, (point,))
    recommended = Recommendation(
        "cache", WORKLOAD, settings_of(1000), settings_of(3800), SMALL, LARGE, "", "max:hit_rate"
    )
    for other in (predicted, recommended):
        assert judgements(compare(small, other))["hit_rate"] == "better"
    assert compare(small, recommended).b == "recommended, flights"


@pytest.mark.parametrize(
    ("error", "judgement"), [(0.01, "within noise"), (0.001, "better"), (0.0, "better")]
)
def test_what_is_predicted_from_a_sample_has_its_band(error, judgement):
    settings = settings_of(1000)
    one, other = (
        Predictions(
            "cache",
            WORKLOAD,
            (
                {
                    "settings": settings,
                    "metrics": {**SMALL, "hit_rate": rate},
                    "sampled": 0.01,
                    "error": error,
                },
            ),
        )
        for rate in (0.607, 0.612)
    )
    found = compare(one, other)
    assert judgements(found)["hit_rate"] == judgement
    (note,) = found.notes
    assert note.startswith("predicted, flights: from 1 % of the keys, so a small difference may")
    assert ("a band is known for hit rate alone" in note) is bool(error)


def test_settings_that_an_older_file_lacks_are_at_their_defaults(small):
    newer = ("writes", "ttl_from", "backend_scale", "negative_ttl_seconds")
    old = Run(
        *("cache", WORKLOAD),
        {key: value for key, value in small.settings.items() if key not in newer},
        SMALL,
    )
    assert compare(old, small).settings == compare(small, old).settings == ()
    scaled = Run("cache", WORKLOAD, {**small.settings, "backend_scale": 2.0}, SMALL)
    assert compare(old, scaled).settings == ({"key": "backend_scale", "a": 1.0, "b": 2.0},)
    unknown = Run("cache", WORKLOAD, {**old.settings, "of_tomorrow": 1}, SMALL)
    assert {"key": "of_tomorrow", "a": 1, "b": None} in compare(unknown, small).settings


def test_metrics_since_the_last_change_count(small, large):
    changed = Run("cache", WORKLOAD, settings_of(3800), SMALL, since_change=LARGE)
    assert set(judgements(compare(large, changed)).values()) == {"same"}


def test_a_sweep_is_refused(small):
    point = {"settings": settings_of(3800), "metrics": LARGE}
    with pytest.raises(BadInputError, match="holds 2 points; compare takes one"):
        compare(small, Predictions("cache", WORKLOAD, (point, point)))


def test_unlike_patterns_are_refused(small):
    other = Run("streaming", WORKLOAD, {}, {})
    with pytest.raises(BadInputError, match="one is of cache, the other of streaming"):
        compare(small, other)


def test_what_is_no_result_is_refused(small, tmp_path):
    with pytest.raises(BadInputError, match="dict is not a result; give one or its file"):
        compare(small, {"hit_rate": 1})
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(BadInputError, match="is not a result of perflab; make one with"):
        compare(small, path)


def test_unlike_workloads_and_machines_are_noted(small):
    other = Run(
        "cache",
        {"name": "mine", "fingerprint": "2"},
        settings_of(1000),
        SMALL,
        environment={"cores": 64},
    )
    notes = compare(small, other).notes
    assert "the workloads differ" in notes[0]
    assert "machine or versions differ" in notes[1]
    assert "Note: the workloads differ" in compare(small, other).to_text()


def test_metrics_that_only_one_has_or_that_are_no_numbers_are_left_out(small):
    other = Run("cache", WORKLOAD, settings_of(1000), {"hit_rate": None, "misses": 3.0})
    assert compare(small, other).metrics == ()
