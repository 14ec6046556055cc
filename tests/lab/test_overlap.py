from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from perflab.bench.registry import load_bench
from perflab.lab import measuring
from perflab.lab.bands import Bands
from perflab.lab.calibration import (
    WIDEST,
    Calibration,
    calibration_for,
    keep_calibration,
)
from perflab.lab.overlap import Overlap, is_anything_running, turn_to_measure
from perflab.lab.rounds import round_of
from perflab.lab.run_state import RunState
from perflab.lab.verbs import calibrate, start_live
from perflab.tuning.recommend import tune
from perflab.workloads.kinds.trace import Trace
from tests.helpers.turns import held_by_another

SMALL = "zipf:keys=10,requests=100"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


def kept(**more):
    bench = load_bench("cache")
    return bench, keep_calibration(
        bench, *bench.read({}), dict(bench.calibration.shipped_costs), **more
    )


def test_two_runs_see_each_other_while_both_have_load():
    first, second, third = Overlap(), Overlap(), Overlap()
    first.begin()
    first.begin()
    assert not first.seen
    second.begin()
    assert first.seen
    assert second.seen
    first.end()
    second.end()
    second.end()
    with third.going_on():
        assert is_anything_running()
    assert not third.seen
    assert not is_anything_running()


def test_a_paused_run_has_no_load():
    paused, other = RunState(), Overlap()
    paused.begin()
    paused.steer("running", "paused", lambda: None)
    with other.going_on():
        assert not other.seen
        paused.steer("paused", "running", lambda: None)
        assert other.seen
    paused.end()
    assert not is_anything_running()


def test_a_run_that_is_forgotten_has_no_load():
    RunState().begin()
    gc.collect()
    assert not is_anything_running()


def test_a_run_that_failed_has_no_load():
    state = RunState()
    state.begin()
    state.fail("it did", mistake=False)
    state.steer("paused", "running", lambda: None)
    assert not is_anything_running()


def test_calibrations_take_turns_and_say_that_they_wait():
    told, order = [], []
    has_it, may_end = threading.Event(), threading.Event()

    def first():
        with turn_to_measure(lambda: pytest.fail("nobody else has it")):
            has_it.set()
            may_end.wait(10)
            order.append("first")

    def waiting():
        told.append(round_of(0, None))
        may_end.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert has_it.wait(10)
    with turn_to_measure(waiting), turn_to_measure(waiting):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert set(told) == {"waiting for another measurement"}


@pytest.mark.parametrize(
    "verb",
    [
        lambda stop: start_live("cache", SMALL, {}, 1, on_round=stop),
        lambda stop: measuring.measure(
            load_bench("cache"), *load_bench("cache").read({}), SMALL, None, on_round=stop
        ),
    ],
    ids=["run", "measure again"],
)
def test_who_waits_for_a_turn_can_give_up(verb, monkeypatch):
    monkeypatch.setattr(measuring, "LiveRun", lambda *_, **__: pytest.fail("it was measured"))
    numbers = []

    def stop(number, total):
        numbers.append((number, total))
        if len(numbers) == 3:
            raise InterruptedError

    with held_by_another(), pytest.raises(InterruptedError):
        verb(stop)
    assert numbers == [(0, None)] * 3
    with turn_to_measure(lambda: pytest.fail("somebody has it still")):
        pass


def test_cancelled_turns_do_not_wait_to_calibrate(monkeypatch):
    monkeypatch.setattr(measuring, "LiveRun", lambda *_, **__: pytest.fail("it was measured"))
    with held_by_another():
        found = tune("cache", SMALL, live=True, cancelled=lambda: True, budget=60)
    assert found.turns["ended"] == "cancelled"
    assert found.calibration["source"] == "shipped"


def test_who_waited_uses_what_was_measured_meanwhile(monkeypatch):
    monkeypatch.setattr(measuring, "LiveRun", lambda *_, **__: pytest.fail("it was measured"))
    bench = load_bench("cache")
    checked = (bench, *bench.read({"concurrency": 1, "request_rate": None}))
    with held_by_another() as free:

        def on_round(number, _total):
            assert number == 0
            costs = dict(bench.calibration.shipped_costs)
            measured.append(keep_calibration(*checked, costs))
            free()

        measured = []
        found, _ = measuring.measured_first(
            *checked, Trace.from_keys([1, 2]), given=True, on_round=on_round
        )
    assert found == measured[-1]


def test_costs_measured_beside_another_run_have_the_band_of_a_busy_machine():
    bench, quiet = kept(spread=0.02)
    assert not quiet.busy
    _, disturbed = kept(spread=0.02, overlapped=True)
    again = calibration_for(bench, *bench.read({}))
    assert again.overlapped
    assert again.busy
    assert Bands.of(again.to_dict()).share == disturbed.band == WIDEST
    assert "another run went on then, so they may be too high: measure again" in again.describe()


def test_a_calibration_of_an_earlier_perflab_was_not_disturbed():
    values = kept()[1].to_dict()
    del values["overlapped"]
    assert not Calibration.from_dict(values).busy


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "alone"])
def test_a_calibration_beside_a_run_is_marked(beside):
    other = Overlap()
    if beside:
        other.begin()
    try:
        found = calibrate("cache", SMALL, {"backend": "delay"}, 0.2, progress=False)
    finally:
        other.end()
    assert found.source == "measured"
    assert found.overlapped is beside


def test_calibrations_at_once_do_not_disturb_each_other():
    with ThreadPoolExecutor() as pool:
        both = [
            pool.submit(calibrate, name, None, {"backend": "delay"}, 0.2, progress=False)
            for name in ("cache", "prefetching")
        ]
    for each in both:
        assert each.result().source == "measured"
        assert not each.result().overlapped


def test_a_run_beside_another_renews_no_costs():
    bench, known = kept()
    settings, load = bench.read({})
    trace = Trace.from_keys(list(range(50)) * 20)
    with Overlap().going_on():
        live = measuring.LiveRun(
            *(bench, trace, settings, load),
            seconds=1.5,
            loop=True,
            calibration=known,
            renews=True,
        )
        try:
            live.wait()
        finally:
            live.close()
    assert live.overlap.seen
    assert live.renewed is None


def test_disturbed_costs_are_measured_again_once_nothing_else_runs(monkeypatch):
    bench, disturbed = kept(overlapped=True, load_average=0.4)
    about = (bench, *bench.read({}), Trace.from_keys([1, 2]))
    asked = []
    monkeypatch.setattr(measuring, "measure", lambda *_, **__: (asked.append(1), (disturbed, 0))[1])
    monkeypatch.setattr(measuring, "measure_at_load", lambda *_: disturbed)
    monkeypatch.setattr(measuring, "machine_load", lambda: 0.4)
    with Overlap().going_on():
        measuring.measured_first(*about, given=True)
    assert not asked
    measuring.measured_first(*about, given=True)
    assert asked
    monkeypatch.setattr(measuring, "machine_load", lambda: 2.0)
    measuring.measured_first(*about, given=True)
    assert len(asked) == 1


def test_a_forked_process_has_neither_its_parents_runs_nor_its_turn():
    with held_by_another(), Overlap().going_on():
        pid = os.fork()
        if not pid:
            free = not is_anything_running()
            try:
                with turn_to_measure(lambda: os._exit(1)):
                    os._exit(0 if free else 2)
            finally:
                os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
