from __future__ import annotations

import pytest

from perflab.panels.byte_budget import MAY_OWE, ByteBudget


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(clock):
    return ByteBudget(1000.0, 2000.0, clock)


def test_a_panel_that_was_quiet_sends_at_once(budget):
    assert budget.seconds_left == 0
    budget.spend(2000)
    assert budget.seconds_left == 0


def test_what_is_owed_delays_the_next_picture(budget, clock):
    budget.spend(2500)
    assert budget.seconds_left == pytest.approx(0.5)
    clock.now = 0.5
    assert budget.seconds_left == 0


def test_a_long_rest_saves_up_no_more_than_the_most(budget, clock):
    clock.now = 1000.0
    budget.spend(3000)
    assert budget.seconds_left == pytest.approx(1.0)


def test_pictures_of_any_size_keep_the_rate(budget, clock):
    sent = 0
    for _ in range(3000):
        clock.now += 0.1
        if not budget.seconds_left:
            budget.spend(777)
            sent += 777
    assert sent / clock.now == pytest.approx(1000.0, rel=0.02)


def test_an_answer_goes_before_the_pictures_of_a_run(monkeypatch):
    slept = []
    monkeypatch.setattr("perflab.panels.byte_budget.time.sleep", slept.append)
    budget = ByteBudget(1000.0, 0.0, Clock())
    budget.spend(int(MAY_OWE))
    budget.wait()
    assert budget.seconds_left == MAY_OWE / 1000
    budget.spend(200)
    budget.wait()
    assert slept == [0.0, pytest.approx(0.2)]


def test_waiting_ends_though_much_is_owed():
    budget = ByteBudget(1.0, 1.0)
    budget.spend(10**9)
    budget.wait(0.01)
    assert budget.seconds_left > 1000
