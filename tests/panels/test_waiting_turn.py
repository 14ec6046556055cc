from __future__ import annotations

import pytest

from perflab.lab import measuring
from tests.helpers.turns import held_by_another

WAITING = "waiting for another measurement"


@pytest.fixture(autouse=True)
def nothing_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(measuring, "LiveRun", lambda *_, **__: pytest.fail("it was measured"))


def test_run_waits_for_the_calibration_of_another_panel_and_can_be_stopped(panel, until):
    with held_by_another():
        panel.run_or_stop()
        until(lambda: WAITING in panel.status.text)
        assert panel.runner.phase == "calibrating"
        panel.run_or_stop()
        until(lambda: not panel.runner.active)
    assert "stopped before the run began" in panel.status.text
    assert panel.status.problem == ""


def test_measure_again_waits_and_ends_with_its_panel(open_panel, until):
    panel = open_panel()
    with held_by_another():
        panel.header.again.click()
        until(lambda: f"on this machine: {WAITING}, " in panel.status.text)
        panel.close()
        until(lambda: not panel.measurements.busy, 5)
    assert panel.status.problem == ""
