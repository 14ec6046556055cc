"""The panel with a bench of another package: it has no line of code for it."""

import pytest

from perflab.panels import workbench

pytestmark = pytest.mark.usefixtures("_calibrated")


@pytest.fixture
def panel():
    made = workbench("write_buffer", "records:count=3k,mean_bytes=100")
    made.wait(60)
    yield made
    made.close()


def move(panel, key, value):
    panel.controls.controls[key].value = value
    panel.wait(60)


def test_its_sliders_move_its_charts_maps_and_numbers(panel):
    assert "98 bytes on average" in panel.header.workload.value
    view = panel.displays.what_if
    assert view.points["now"].metrics["flushes"] == 60
    picture, table = view.first.image.value, panel.displays.table.widget.value
    slider = panel.controls.controls["batch_size"]
    slider.slider.value = slider.stops.position(300)
    panel.wait(60)
    assert view.first.image.value != picture
    assert panel.displays.table.widget.value != table
    assert "bytes at risk" in table
    now = panel.forecast.prediction.metrics
    assert now["records_per_flush"] == slider.value
    # A setting that begins at 0, on a scale that is not a logarithm.
    for delay in (0, 9, 0, 500):
        move(panel, "max_delay", delay)
        expected = min(slider.value, delay + 1 if delay else slider.value)
        assert panel.forecast.prediction.metrics["records_per_flush"] == expected
    move(panel, "durability", "sync")
    move(panel, "compact", True)
    assert panel.status.text.startswith("what-if exact")


def test_it_is_run_changed_recommended_and_exported(panel, until, tmp_path):
    move(panel, "batch_size", 11)
    panel.pin()
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and len(panel.runner.live.rows) > 3)
    live = panel.runner.live
    move(panel, "batch_size", 22)
    until(lambda: live.rows[-1]["version"] == 1 and live.rows[-1]["flushes_since_change"] > 9)
    assert live.rows[-1]["records_per_flush_since_change"] == pytest.approx(22, rel=0.2)
    (button,) = panel.server.actions.widget.children
    button.click()
    until(lambda: any(change.get("action") == "flush" for change in live.changes))
    panel.pause_or_resume()
    panel.pause_or_resume()
    panel.run_or_stop()
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    panel.wait(60)
    assert panel.runner.result.metrics["flushes"] > 9
    panel.recommend()
    panel.wait(60)
    assert panel.recommendation.settings["batch_size"] >= 1
    panel.actions.folder.value = str(tmp_path / "report")
    panel.export()
    panel.wait(60)
    assert "bytes at risk" in panel.report.read_text()


def test_its_own_workloads_and_backends_are_offered(panel, tmp_path):
    assert list(panel.picker.ours.controls) == ["count", "mean_bytes"]
    panel.picker.ours.controls["count"].value = 500
    panel.wait(60)
    assert "500 records" in panel.header.workload.value
    path = tmp_path / "mine.sizes"
    path.write_text("5\n7\n")
    panel.picker.path.value = str(path)
    panel.wait(60)
    assert "2 records" in panel.header.workload.value
    move(panel, "backend", "shm")
    assert panel.status.text.startswith("what-if exact")
    move(panel, "backend", "http")
    assert "write_buffer does not take 'http'" in panel.controls.controls["backend"].message
    assert "http" not in panel.status.text
