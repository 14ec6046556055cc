from __future__ import annotations

import dataclasses

import pytest
from matplotlib.text import Text

from perflab.charts.service import chain_picture, share_picture
from perflab.charts.service.sheet import BAD

WIDTHS = (280, 390, 810, 890)


@pytest.mark.parametrize("width", WIDTHS)
def test_texts_of_a_chain_stand_apart(prediction, apart, width):
    drawn = chain_picture(prediction, width, 1.0)
    assert drawn.width == width
    said = apart(drawn)
    together = " ".join(said)  # a name may stand in two lines
    assert all(row.title in together for row in prediction.stages)


@pytest.mark.parametrize("width", WIDTHS)
def test_texts_of_shares_stand_apart(prediction, apart, width):
    said = apart(share_picture(prediction, width, 1.0))
    assert any(text.startswith("Mean latency 1.07 ms") for text in said)


def test_each_arrow_of_a_chain_carries_its_load(full, apart):
    said = apart(chain_picture(full))
    assert [said.count(load) for load in ("123k/s", "23.4k/s", "661/s", "600/s")] == [1, 1, 1, 1]


def test_thickest_arrow_carries_the_largest_load(full):
    axes = chain_picture(full).figure.axes[0]
    arrows = [patch.get_xy() for patch in axes.patches if hasattr(patch, "get_xy")]
    thick = [abs(xy[0][1] - xy[-2][1]) for xy in arrows if getattr(xy, "ndim", 0) == 2]
    assert len(thick) == 4
    assert thick == sorted(thick, reverse=True)
    assert thick[0] > 2 * thick[-1]


def test_narrow_chain_is_stacked_and_says_the_same(full):
    wide, narrow = chain_picture(full, 890), chain_picture(full, 390)
    assert narrow.words == wide.words
    assert narrow.height > 2 * wide.height


def test_too_many_connections_and_failures_are_marked(full):
    texts = chain_picture(full).figure.findobj(Text)
    marked = {each.get_text() for each in texts if each.get_color() == BAD}
    most = 48 * 12 * 20
    assert any(text.endswith("of 400") for text in marked), most
    assert {"1.23 %", "1,234"} <= marked


def test_words_of_a_chain_name_each_stage_with_its_numbers(full):
    words = chain_picture(full).words
    assert words.index("Clients") < words.index("Caching × 576 workers: 123k/s come; hit rate")
    assert "Redis cache one for all workers: 23.4k/s come; hit rate 50.6 %" in words
    assert "Database: 600/s come; service time 2.9 ms" in words


def test_what_is_behind_the_last_cache_is_the_backend(one):
    words = chain_picture(one).words
    assert words.endswith("Backend: 600/s come.")
    assert "Backend 99.8 %" in share_picture(one).words


def test_parts_of_the_bar_are_as_wide_as_their_shares(full):
    drawn = share_picture(full)
    bar = [patch for patch in drawn.figure.axes[0].patches if patch.get_height() > 20]
    wide = [patch.get_width() for patch in bar]
    assert sum(wide) == pytest.approx(890 - 16, abs=5)
    assert wide[3] / sum(wide) == pytest.approx(0.8917, abs=0.01)
    assert min(wide) >= 1


def test_service_without_latency_has_an_empty_bar(full):
    rows = [
        dataclasses.replace(row, metrics={**row.metrics, "latency_share": 0.0})
        for row in full.stages
    ]
    idle = dataclasses.replace(full, stages=tuple(rows))
    assert "Database 0 %" in share_picture(idle).words
