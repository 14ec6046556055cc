from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.modelling.prediction import Prediction
from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.connection_pool.bench import ConnectionPoolBench
from perflab.settings import LoadSettings
from perflab.tuning.grid import Grid, _levels, map_values
from perflab.workloads import Trace

BENCH = CacheBench()
LOAD = LoadSettings()


class Recorder:
    """The cache's own model, which says in what order it was asked."""

    def __init__(self, trace, refused=()):
        self.model = BENCH.model(trace, BENCH.calibration.shipped_costs)
        self.asked = []
        self._refused = refused

    def prepare(self):
        """Leave out the LRU curve of all sizes, so that no cell is known before it is asked."""

    def ready(self, settings, load):
        return settings in self.asked

    def predict(self, settings, load, requests=None):
        if settings.max_cache_size in self._refused:
            raise BadInputError("refused")
        self.asked.append(settings)
        return self.model.predict(settings, load, requests)


class Sampler(Recorder):
    """One that can answer from a part of its workload."""

    def preview(self, settings, load):
        return Prediction({"hit_rate": 0.5}, sampled=0.1)


@pytest.fixture(scope="module")
def trace():
    draw = np.random.default_rng(1)
    keys = draw.zipf(1.3, 4000) % 300
    return Trace.from_keys(keys, times=np.cumsum(draw.exponential(1.0, 4000)))


def grid_of(trace, kind=Recorder, **more):
    model = kind(trace, **more)
    return Grid(BENCH, trace, model, "ttl_seconds", "max_cache_size"), model


def test_axes_hold_at_most_twelve_values_on_their_scale_and_none_at_the_end(trace):
    grid, _ = grid_of(trace)
    assert grid.columns[-1] is None
    assert len(grid.columns) == 13
    steps = np.diff(np.log(grid.columns[:-1]))
    assert steps.max() < 1.2 * steps.min()
    assert None not in grid.rows
    assert len(grid.rows) <= 12
    assert grid.rows == sorted(grid.rows)


def test_axis_ends_are_those_of_the_bench(trace):
    known = BENCH.axis("max_cache_size", trace)
    values = map_values(BENCH, "max_cache_size", trace)
    assert (values[0], values[-1]) == (known[0], known[-1])


def test_axis_of_words_has_all_of_them(trace):
    assert map_values(BENCH, "policy", trace) == list(BENCH.info("policy").choices)


def test_refined_cells_are_what_the_model_says_of_them(trace):
    grid, model = grid_of(trace)
    settings, load = BENCH.read({})
    assert grid.refine(settings, load)
    values = grid.surface(settings, load).values("hit_rate", (len(grid.rows), len(grid.columns)))
    assert np.isfinite(values).all()
    for (row, size), (column, ttl) in itertools.product(
        enumerate(grid.rows[::4]), enumerate(grid.columns[::6])
    ):
        there = settings.change(max_cache_size=size, ttl_seconds=ttl)
        exact = model.model.predict(there, load).metrics["hit_rate"]
        assert values[row * 4, column * 6] == exact


def test_hit_rate_never_falls_with_size_or_ttl_of_lru(trace):
    grid, _ = grid_of(trace)
    settings, load = BENCH.read({})
    grid.refine(settings, load)
    values = grid.surface(settings, load).values("hit_rate", (len(grid.rows), len(grid.columns)))
    assert (np.diff(values, axis=1) >= 0).all()


def test_corners_come_first_and_every_cell_once(trace, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    grid, model = grid_of(trace)
    grid.refine(*BENCH.read({}))
    asked = [(there.max_cache_size, there.ttl_seconds) for there in model.asked]
    ends = {*itertools.product((grid.rows[0], grid.rows[-1]), (grid.columns[0], grid.columns[-1]))}
    assert set(asked[:4]) == ends
    assert len(set(asked)) == len(asked) == len(grid.rows) * len(grid.columns)


@given(st.integers(1, 40))
def test_each_level_halves_the_widest_gap_that_is_left(count):
    levels = _levels(count)
    assert levels[0] == levels[-1] == 0
    for level in range(max(levels) + 1):
        known = [place for place, each in enumerate(levels) if each <= level]
        widest = max((b - a for a, b in itertools.pairwise(known)), default=1)
        assert widest <= max(1, -(-(count - 1) // 2**level))
    assert max(np.diff([i for i, _ in enumerate(levels)]), default=1) == 1


def test_move_of_the_maps_own_settings_computes_nothing(trace):
    grid, model = grid_of(trace)
    settings, load = BENCH.read({})
    grid.refine(settings, load)
    done = len(model.asked)
    moved = settings.change(max_cache_size=77, ttl_seconds=500.0)
    surface = grid.surface(moved, load)
    assert not surface.inexact
    grid.refine(moved, load)
    assert len(model.asked) == done


def test_move_of_another_setting_begins_a_new_map(trace):
    grid, _ = grid_of(trace)
    settings, load = BENCH.read({})
    grid.refine(settings, load)
    other = settings.change(policy="fifo")
    assert len(grid.surface(other, load).inexact) == len(grid.rows) * len(grid.columns)
    assert not grid.surface(settings, load).inexact


def test_cancelled_map_keeps_what_it_has_and_goes_on_later(trace):
    grid, model = grid_of(trace)
    settings, load = BENCH.read({})
    assert not grid.refine(settings, load, cancelled=lambda: len(model.asked) >= 20)
    known = len(model.asked)
    assert 20 <= known < len(grid.rows) * len(grid.columns)
    assert grid.refine(settings, load)
    assert not grid.surface(settings, load).inexact


def test_cell_that_the_model_refuses_stays_unknown_and_the_rest_is_computed(trace):
    size = map_values(BENCH, "max_cache_size", trace)[3]
    grid, _ = grid_of(trace, refused=(size,))
    settings, load = BENCH.read({})
    assert grid.refine(settings, load)
    values = grid.surface(settings, load).values("hit_rate", (len(grid.rows), len(grid.columns)))
    assert np.isnan(values[3]).all()
    assert np.isfinite(np.delete(values, 3, axis=0)).all()


def test_cell_that_the_bench_refuses_is_never_asked(trace):
    grid, model = grid_of(trace)
    grid.refine(*BENCH.read({"policy": "opt"}))
    assert {there.ttl_seconds for there in model.asked} == {None}


def test_previews_fill_the_map_first_and_exact_values_take_their_place(trace):
    grid, _ = grid_of(trace, kind=Sampler)
    settings, load = BENCH.read({})
    shape = (len(grid.rows), len(grid.columns))
    assert grid.preview(settings, load)
    surface = grid.surface(settings, load)
    assert surface.sampled
    assert (surface.values("hit_rate", shape) == 0.5).all()
    assert grid.refine(settings, load)
    assert not grid.surface(settings, load).sampled
    assert not (surface.values("hit_rate", shape) == 0.5).any()


def test_real_model_that_previews_fills_a_map_at_once():
    bench = ConnectionPoolBench()
    arrivals = bench.workload_for(
        bench.identity.settings_class(), "poisson:rate=200,requests=60k,seed=1"
    )
    model = bench.model(arrivals, bench.calibration.shipped_costs)
    of = (bench, arrivals, model)
    grid = Grid(*of, "max_connections", "timeout")
    settings, load = bench.read(bench.display.panel_defaults)
    assert grid.preview(settings, load)
    surface = grid.surface(settings, load)
    assert len(surface.predictions) == len(surface.settings)


def test_points_of_a_map_are_those_of_a_sweep(trace):
    grid, _ = grid_of(trace)
    settings, load = BENCH.read({})
    assert grid.points(settings, load) == []
    grid.refine(settings, load)
    points = grid.points(settings, load)
    assert len(points) == len(grid.rows) * len(grid.columns)
    assert {point["settings"]["policy"] for point in points} == {"lru"}
