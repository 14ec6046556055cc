"""The section of a report on settings that were run live in turns."""

import shlex

import pytest

from perflab.reports.report import report
from perflab.reports.reproduce import command
from perflab.reports.turns import turns_blocks


def contender(name, rates, compared):
    return {
        "name": name,
        "written": f"max_cache_size {len(name)} with policy LRU",
        "settings": {},
        "rounds": [{"hit_rate": rate} for rate in rates],
        "failed": "",
        "compared": compared,
    }


def compared(verdict, mean, low, high):
    return {
        "verdict": verdict,
        "rounds": 2,
        "mean": mean,
        "low": low,
        "high": high,
        "relative": False,
    }


@pytest.fixture
def taken():
    return {
        "metric": "hit_rate",
        "outcome": "Run in turns over 2 rounds, it is better than what is now",
        "shipped": "recommended",
        "ended": "budget",
        "confidence": 0.95,
        "seconds": 31.4,
        "budget_seconds": 60.0,
        "turn_seconds": 1.0,
        "most_requests": 100,
        "contenders": [
            contender("recommended", [0.8, 0.82], None),
            contender("now", [0.5], compared("better", 0.3, 0.25, 0.35)),
            contender("knee", [0.8, 0.8], compared("open", 0.01, None, None)),
        ],
    }


def test_the_sentence_comes_first_then_a_row_for_each(taken):
    text, table, _ = turns_blocks(taken)
    assert text.text == "Run in turns over 2 rounds, it is better than what is now."
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [row[0] for row in rows] == ["recommended", "now", "knee"]
    assert rows[0][2:] == ["2", "81 %", "", "", ""]
    assert rows[1][2:] == [
        *("1", "50 %", "−30.0 points"),
        *("−35.0 points to −25.0 points", "worse"),
    ]
    assert rows[2][2:] == ["2", "80 %", "−1.0 points", "not known yet", "not decided"]
    assert "It took 31.4 s of 1 min." in table.note
    assert "With 95 % confidence" in table.note


def test_all_rounds_are_kept_in_a_folded_table(taken):
    *_, rounds = turns_blocks(taken)
    assert rounds.folded
    assert [cell.text for cell in rounds.rows[0]] == ["1", "80 %", "50 %", "80 %"]
    assert [cell.text for cell in rounds.rows[1]] == ["2", "82 %", "", "80 %"]


def test_it_is_in_the_report_and_no_turns_are_nothing(make_recommendation, taken, tmp_path):
    found = make_recommendation(turns=taken, measured={"hit_rate": 0.81})
    page = report([found], tmp_path / "r.html").read_text()
    assert "Run in turns" in page
    assert "−35.0 points to −25.0 points" in page
    assert turns_blocks(None) == []
    assert turns_blocks({**taken, "metric": "no_such"}) == []


def test_its_command_has_the_times(make_recommendation, taken):
    made = command(make_recommendation(turns=taken, measured={"hit_rate": 0.81}))
    words = shlex.split(made.replace("\\\n", " "))
    assert words[-5:] == ["--live", "--budget", "60", "--turn", "1"]
