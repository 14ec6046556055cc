from __future__ import annotations

import numpy as np
import pytest

from perflab.charts.labels import best_corner, covered, filled

BOX = (0.0, 0.0, 400.0, 300.0)
NONE = np.empty((0, 2))


def corner(place, marks=NONE, lines=()):
    return best_corner("84.52 %", np.array(place, float), np.asarray(marks), lines, BOX, 1.0)


def test_free_mark_has_its_text_on_the_upper_right():
    assert corner((200, 150)) == (1, 1)


@pytest.mark.parametrize(
    ("place", "expected"),
    [((395, 150), (-1, 1)), ((200, 298), (1, -1)), ((395, 298), (-1, -1))],
)
def test_text_stays_within_the_axes(place, expected):
    assert corner(place) == expected


def test_text_does_not_cover_another_mark():
    assert corner((200, 150), marks=[[225.0, 165.0]]) != (1, 1)


def test_text_leaves_a_rising_line_alone():
    line = np.column_stack([np.linspace(150, 260, 60), np.linspace(100, 210, 60)])
    assert corner((200, 150), lines=[line]) in {(-1, 1), (1, -1)}


def test_mark_with_a_neighbour_at_the_edge_has_its_text_farther_away():
    right, up = corner((390, 150), marks=[[370.0, 150.0]])
    assert right == -1
    assert abs(up) > 1


@pytest.mark.parametrize("neighbour", [(200, 150), (215, 140), (180, 160), (240, 150)])
def test_text_does_not_cover_the_text_of_another_mark(neighbour):
    first = np.array((200, 150), float)
    written = covered("0.000404", first, corner(first), 1.0)
    second = np.array(neighbour, float)
    best = best_corner("least at 2,452", second, written, (), BOX, 1.0)
    spots = covered("least at 2,452", second, best, 1.0)
    low, high = written.min(axis=0), written.max(axis=0)
    assert not ((spots >= low) & (spots <= high)).all(axis=1).any()


def test_a_line_between_two_far_points_is_seen_and_its_gaps_are_not_filled_with_nan():
    steep = np.array([[0.0, 0.0], [10.0, 300.0], [np.nan, 1.0], [200.0, 300.0]])
    found = filled(steep, 1.0)
    steps = np.hypot(*np.diff(found, axis=0).T)
    assert steps.max() < 4
    assert np.isfinite(found).all()
    assert (found[0] == steep[0]).all()
    assert (found[-1] == steep[-1]).all()


def test_a_text_keeps_off_a_line_that_has_no_point_near():
    place, none = np.array([100.0, 100.0]), np.empty((0, 2))
    rising = filled(np.array([[100.0, 100.0], [300.0, 200.0]]), 1.0)
    box = (0.0, 0.0, 400.0, 300.0)
    right, up = best_corner("50 %", place, none, [rising], box, 1.0)
    assert (right, up) != (1, 1)
