"""A new panel asks its page to be scrolled to, once and only while it is new."""

import re
import time

from perflab.panels.in_view import FRESH_SECONDS, kept_in_view


def script():
    return kept_in_view().outputs[0]["data"]["application/javascript"]


def test_it_holds_for_a_minute_from_now_and_for_each_panel_by_itself():
    first, second = script(), script()
    made, fresh = map(int, re.search(r"- (\d+)\) < (\d+)\)", first).groups())
    assert abs(made - time.time()) < 60
    assert fresh == FRESH_SECONDS
    names = [set(re.findall(r"'([0-9a-f]{16})'", each)) for each in (first, second)]
    assert [len(each) for each in names] == [1, 1]
    assert names[0] != names[1]
    assert not any(word in first for word in ("NAME", "MADE", "FRESH"))


def test_a_panel_has_it_once(panel):
    def scripts(widget):
        for child in getattr(widget, "children", ()):
            yield from scripts(child)
        yield from (str(output) for output in getattr(widget, "outputs", ()))

    assert sum("perflabInView" in each for each in scripts(panel.widget)) == 1
