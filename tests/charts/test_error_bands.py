import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from perflab.bench import WhatIfChart, load_bench
from perflab.charts import WhatIfAxes
from perflab.modelling.prediction import Prediction
from perflab.tuning.sharpening import BandedLine

CHART = WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "fifo"))
PLACES = [10.0, 100.0, 1000.0]


def line(error):
    known = [
        Prediction(
            {"hit_rate": rate},
            error=error,
            low={"hit_rate": rate - error} if error else None,
            high={"hit_rate": rate + error} if error else None,
        )
        for rate in (0.2, 0.5, 0.7)
    ]
    return BandedLine.of(PLACES, known, "hit_rate")


@pytest.fixture
def drawn():
    return WhatIfAxes(Figure(figsize=(6, 4), dpi=100).subplots(), CHART, load_bench("cache"))


def corners(band):
    return band.get_paths()[0].get_extents().extents.tolist()


def test_a_sampled_line_has_its_band_and_an_exact_one_none(drawn):
    drawn.update({"lru": line(0.05), "fifo": line(0.0)})
    (band,) = drawn._error_bands.artists
    assert corners(band) == pytest.approx([10, 0.15, 1000, 0.75])
    assert band in drawn.artists
    assert drawn.artists.index(band) < drawn.artists.index(drawn._lines["lru"])


def test_the_band_follows_its_line_and_goes_when_it_is_exact(drawn):
    drawn.update({"lru": line(0.05)})
    (band,) = drawn._error_bands.artists
    drawn.update({"lru": line(0.01)})
    assert drawn._error_bands.artists == [band]
    assert corners(band) == pytest.approx([10, 0.19, 1000, 0.71])
    drawn.update({"lru": line(0.0)})
    assert drawn._error_bands.artists == []


def test_a_band_is_painted_in_the_tint_of_its_line(drawn):
    figure = drawn.axes.get_figure()
    FigureCanvasAgg(figure)
    drawn.update({"lru": line(0.05)})
    figure.canvas.draw()
    before = np.asarray(figure.canvas.buffer_rgba()).copy()
    drawn.axes.draw_artist(drawn._error_bands.artists[0])
    painted = np.asarray(figure.canvas.buffer_rgba()) != before
    assert painted.any(axis=2).sum() > 500


def test_lines_without_edges_are_drawn_as_they_were(drawn):
    drawn.update({"lru": (PLACES, [0.1, 0.2, 0.3])})
    assert drawn._error_bands.artists == []
