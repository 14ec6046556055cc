from __future__ import annotations

from perflab.errors import BadInputError
from perflab.panels.status import StatusLine


def test_parts_are_set_and_taken_away_on_their_own():
    line = StatusLine()
    line.say("run", "running", "live")
    line.say("what-if", "exact", "exact")
    line.say("run", "")
    assert line.text == "exact"


def test_mistake_of_the_user_is_shown_as_it_is():
    line = StatusLine()
    line.fail(BadInputError("is missing", "trace.csv"))
    assert line.problem == "trace.csv: is missing"


def test_our_error_is_one_line_with_its_kind_and_no_traceback():
    line = StatusLine()
    line.fail(ZeroDivisionError("a\nb"))
    assert line.problem == "perflab failed: ZeroDivisionError: a b"
    assert "Traceback" not in line.widget.value


def test_text_from_outside_is_not_read_as_html():
    line = StatusLine()
    line.fail("no key <script>")
    line.remark(["<b>"])
    assert "<script>" not in line.widget.value
    assert "<b>" not in line.widget.value


def test_same_text_is_not_sent_again():
    line = StatusLine()
    sent = []
    line.say("run", "running")
    line.widget.observe(sent.append, "value")
    line.say("run", "running")
    line.clear()
    assert sent == []
