"""What finds a place in a panel's width, and what a page may write into its measure."""

import pytest

from perflab.charts.themes import DARK, LIGHT
from perflab.panels.frame import COARSEST, FINEST, NARROWEST, WIDEST, Frame
from perflab.panels.measure import Measure


@pytest.mark.parametrize(
    ("width", "charts", "tabbed", "stacked"),
    [
        (360, 1, True, True),
        (574, 2, True, True),
        (830, 2, True, False),
        (1085, 3, True, False),
        (1150, 3, False, False),
        (1405, 3, False, False),
    ],
)
def test_a_narrow_panel_has_fewer_charts_then_tabs_then_charts_first(
    width, charts, tabbed, stacked
):
    frame = Frame(width, 1.0)
    assert (frame.charts_in_row, frame.tabbed, frame.stacked) == (charts, tabbed, stacked)
    assert frame.columns * frame.column <= frame.main <= width


@pytest.mark.parametrize(
    "text",
    [
        *("", "830", "830 1", "830 1 2", "830 1 dim", "830 1 light dark", "wide fine light"),
        *("nan 1 light", "-830 1 dark", "830 0 dark", "0 1 light", "<b> 1 light"),
    ],
)
def test_what_is_no_size_is_no_frame(text):
    assert Frame.read(text) is None


@pytest.mark.parametrize("text", ["1e300 1e300", "inf inf", "1 1e-9", "3e3 9"])
def test_sizes_beyond_any_screen_are_bounded(text):
    frame = Frame.read(f"{text} dark")
    assert NARROWEST <= frame.width <= WIDEST
    assert COARSEST <= frame.ratio <= FINEST
    assert frame.scale(frame.main) * frame.main <= 3000


def test_pixels_that_a_scroll_bar_takes_and_gives_tell_nothing_new():
    told = []
    measure = Measure(told.append)
    for text in ("830.4 2", "831 2", "830.4 2", "junk", "832 1"):
        measure.field.value = f"{text} light"
    assert told == [Frame(828, 2.0), Frame(832, 1.0)]


def test_another_theme_is_told():
    told = []
    measure = Measure(told.append)
    for text in ("830 2 light", "830 2 dark"):
        measure.field.value = text
    assert told == [Frame(828, 2.0, LIGHT), Frame(828, 2.0, DARK)]
