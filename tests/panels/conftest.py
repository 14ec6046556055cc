from __future__ import annotations

import time

import pytest

from perflab.panels import workbench

SMALL = "zipf:skew=0.9,keys=500,requests=20k,seed=1"


@pytest.fixture
def open_panel():
    opened = []

    def make(workload=SMALL, settings=None):
        panel = workbench("cache", workload, settings)
        opened.append(panel)
        panel.wait(240)
        return panel

    yield make
    for panel in opened:
        panel.close()


@pytest.fixture
def panel(open_panel):
    return open_panel()


@pytest.fixture
def until():
    def wait(condition, seconds=60.0):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)
        return found

    return wait
