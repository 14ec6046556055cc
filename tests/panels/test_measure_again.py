from __future__ import annotations

import pytest

from perflab.lab.calibration import Calibration
from perflab.panels import workbench
from perflab.servers.redis.server import RedisServer


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


def test_measure_again_measures_again_and_predicts_from_it(open_panel):
    panel = open_panel()
    assert "costs shipped with perflab" in panel.header.calibration.value
    before = panel.forecast.prediction
    panel.header.again.click()
    panel.header.again.click()
    assert panel.header.again.disabled
    assert panel.actions.buttons["run"].disabled
    panel.wait(120)
    said = panel.header.calibration.value
    # At the panel's own pace and threads.
    assert "costs measured on this machine with sqlite, paced, 4 threads, just now" in said
    assert "load average" in said
    assert "rounds differ by" in said
    assert not panel.header.again.disabled
    assert panel.forecast.prediction.metrics != before.metrics
    first = panel.calibration
    panel.header.again.click()
    panel.wait(120)
    assert panel.calibration.source == "measured"
    assert panel.calibration.costs != first.costs


def test_it_cannot_be_measured_while_a_run_goes_on(panel, until):
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and len(panel.runner.live.rows) > 3)
    assert panel.header.again.disabled
    before = panel.calibration
    panel.measure_again()
    panel.tasks.wait(30)
    assert panel.calibration == before
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    panel.wait(20)
    assert not panel.header.again.disabled


def test_a_function_that_only_fails_is_an_error_on_the_panel(open_panel):
    panel = open_panel(settings={"backend": "no_such_module_of_anybody:load"})
    panel.header.again.click()
    panel.wait(120)
    assert "no_such_module_of_anybody" in panel.status.problem
    assert "costs shipped with perflab" in panel.header.calibration.value
    assert not panel.header.again.disabled


def test_a_server_of_the_user_s_is_asked_for_and_then_measured(monkeypatch):
    with RedisServer.start() as server:
        monkeypatch.setenv("PERFLAB_REDIS_URL", server.url)
        panel = workbench("redis_cache", "zipf:keys=50,requests=2k")
        try:
            panel.wait(60)
            panel.header.again.click()
            panel.wait(60)
            assert panel.server.consent.widget.layout.display is None
            assert panel.calibration.source == "shipped"
            panel.server.consent.button.click()
            panel.wait(120)
            assert not panel.runner.active
            assert panel.calibration.source == "measured"
        finally:
            panel.close()


def test_the_table_has_the_refitted_prediction_and_which_is_off(panel, until):
    panel.run_or_stop()
    until(lambda: panel.displays.which_is_off.value.endswith("."))
    assert ">refitted</th>" in panel.displays.table.widget.value
    live = panel.runner.live
    assert live.compared.refitted["hit_rate"] == pytest.approx(
        live.compared.measured["hit_rate"], abs=0.02
    )
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    panel.wait(20)
    assert panel.displays.which_is_off.layout.display is None
    panel.reset()
    panel.wait(30)
    assert panel.displays.which_is_off.layout.display == "none"


def test_a_calibration_of_an_earlier_perflab_has_no_spread():
    kept = Calibration("cache", "sqlite", {}, "measured", "2026-01-01T00:00:00+00:00")
    values = kept.to_dict()
    del values["spread"], values["load_average"]
    assert "rounds" not in Calibration.from_dict(values).describe()
