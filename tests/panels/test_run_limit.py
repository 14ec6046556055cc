from __future__ import annotations

import pytest

from perflab.panels.run_limit import USUAL_SECONDS, RunLimit


def test_run_ends_after_ten_minutes_unless_another_limit_is_typed():
    limit = RunLimit()
    assert limit.seconds == USUAL_SECONDS == 600
    assert limit.words == "10 min"
    limit.text.value = "2h"
    assert limit.seconds == 7200
    limit.text.value = "none"
    assert limit.seconds is None
    assert limit.words == ""


@pytest.mark.parametrize("text", ["soon", "-5s", "0", "5 MiB", ""])
def test_what_is_no_time_is_refused_and_the_limit_stays(text):
    limit = RunLimit()
    limit.text.value = "30s"
    limit.text.value = text
    assert "30s, 10m or 2h" in limit.field_error.message
    assert limit.seconds == 30
    limit.field_error.restore()
    assert limit.text.value == "30s"
    assert limit.field_error.message == ""


def test_reset_brings_the_usual_limit_back():
    limit = RunLimit()
    limit.text.value = "30s"
    limit.text.value = "soon"
    limit.reset()
    assert limit.seconds == USUAL_SECONDS
    assert limit.text.value == "10m"
    assert limit.field_error.message == ""
