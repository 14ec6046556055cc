from __future__ import annotations

import re

from perflab.panels.run_words import RunWords, ended

DONE = {"measured": 12.0, "requests": 1234, "left": 588.0, "limit": "10 min", "waited": 3.2}


def test_every_phase_reads_differently_with_its_time():
    phases = ("starting", "calibrating", "running", "paused", "stopping")
    said = {phase: RunWords(phase=phase, round_number=2, **DONE).text for phase in phases}
    assert said["starting"] == ("starting, 3 s; goes on when this tab is closed, ends after 10 min")
    assert said["calibrating"].startswith("calibrating before the run")
    assert said["calibrating"].endswith("round 2, 3 s")
    assert said["running"] == "running, 12 s, 9 min 48 s left, 1,234 requests"
    assert said["paused"] == "paused at 12 s, 9 min 48 s left, 1,234 requests"
    assert said["stopping"] == "stopping after 12 s, 1,234 requests"


def test_calibration_is_mentioned_only_while_it_is_made():
    for phase in ("starting", "running", "paused", "stopping"):
        assert "calibrat" not in RunWords(phase=phase, **DONE).text


def test_notice_is_said_before_the_run():
    notice = "the backend f is called once per miss"
    assert notice in RunWords(phase="starting", notice=notice).text
    assert notice in RunWords(phase="calibrating", notice=notice).text
    assert notice not in RunWords(phase="running", notice=notice).text


def test_run_without_a_limit_says_so():
    assert "has no limit" in RunWords(phase="starting").text
    assert RunWords(phase="running", measured=700.0, requests=5).text == (
        "running, 700 s, no limit, 5 requests"
    )


def test_what_is_left_is_read_in_tenths_of_a_minute_and_then_in_seconds():
    said = [RunWords(phase="running", left=left).text for left in (599.0, 599.9, 59.4, -0.2)]
    lefts = [text.split(", ")[2] for text in said]
    assert lefts == ["10 min left", "10 min left", "59 s left", "0 s left"]


def test_requests_are_the_first_count_that_a_line_names():
    said = RunWords(phase="running", **DONE).text
    found = re.search(r"running, [^·]*?([\d,]+) requests", said)
    assert found.group(1) == "1,234"


def test_stop_before_anything_was_measured_names_no_figures():
    assert RunWords(phase="stopping", waited=2.0).text == "stopping"


def test_end_is_said_with_what_ended_it():
    assert ended("ended", 600.2, 10) == "ended after 600 s, 10 requests"
    said = ended("ended", 600.2, 10, "its limit of 10 min is reached")
    assert said == "ended after 600 s, 10 requests: its limit of 10 min is reached"
