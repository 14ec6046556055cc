"""What two runs differ in by chance is neither better nor worse, as `compare` has it."""

import random
import statistics

import pytest

from perflab.reports import Report
from perflab.tuning.comparison import compare

LATENCY = "latency_seconds_mean"


@pytest.fixture
def make_long(make_run):
    """Make a run of 40 s whose seconds lie apart, with ten rows a second."""

    def make(size, hits, latency, seconds=40):
        chance, rows = random.Random(1), []
        for second in range(seconds):
            row = {"hit_rate": hits, LATENCY: latency}
            row = {name: value * (1 + chance.gauss(0, 0.1)) for name, value in row.items()}
            rows += [
                {"seconds": second + tenth / 10, "requests": 10 * second, "version": 0, **row}
                for tenth in range(1, 10)
            ]
        values = {
            name: statistics.fmean(row[name] for row in rows) for name in ("hit_rate", LATENCY)
        }
        values["requests"] = 1000.0
        known = {"metrics": values, "since_change": values, "predicted": {}, "fitted": {}}
        return make_run(size, snapshots=rows, alerts=(), **known)

    return make


def judged_of(made):
    """Return the word of each metric in the table of the change."""
    (effect,) = [table for table in made.tables if table.name == "effect"]
    return {row[0].value: row[4].value for row in effect.rows}


def test_difference_within_noise_is_no_reason_to_keep(make_long):
    first, last = make_long(1000, 0.80, 1e-4), make_long(3800, 0.78, 1.04e-4)
    made = Report.of([first, last])
    (chapter,) = made.chapters
    of_hits, of_latency = chapter.verdict.cards
    for card in (of_hits, of_latency):
        assert card.tone == ""
        assert card.change.endswith(", within noise")
    expected = {row["metric"]: row["judgement"] for row in compare(first, last).metrics}
    assert judged_of(made) == expected
    assert expected == {"requests": "same", "hit_rate": "within noise", LATENCY: "within noise"}
    assert chapter.decision.answer == "needs a look"
    assert chapter.decision.reasons == ("The difference is within noise: run for longer.",)
    assert "for the worse" not in chapter.verdict.effect
    assert chapter.scope.ship.settings["max_cache_size"] == 3800
    assert chapter.verdict.notes == ()


def test_difference_beyond_noise_is_judged(make_long):
    made = Report.of([make_long(1000, 0.80, 1e-4), make_long(3800, 0.40, 2e-4)])
    (chapter,) = made.chapters
    assert [card.tone for card in chapter.verdict.cards] == ["worse", "worse"]
    assert judged_of(made) == {"requests": "same", "hit_rate": "worse", LATENCY: "worse"}
    assert chapter.decision.answer == "do not ship"
    assert chapter.decision.reasons == ("The change is for the worse.",)


def test_runs_too_short_to_know_their_noise_say_so(make_long, make_run):
    (chapter,) = Report.of([make_long(1000, 0.80, 1e-4, seconds=3), make_run(3800)]).chapters
    (note,) = chapter.verdict.notes
    assert note.startswith("Measured, flights, 2026-03-01 10:05: fewer than 5 s were measured")
    assert all(check.ok for check in chapter.decision.checks)
    (alone,) = Report.of([make_run(3800)]).chapters
    assert alone.verdict.notes == ()
