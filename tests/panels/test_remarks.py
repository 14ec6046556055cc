from __future__ import annotations

from types import SimpleNamespace

from perflab.panels.displays import _remarks


def test_what_a_run_says_of_itself_stands_beside_its_predictions():
    said = ("requests asked the pool late", "another one")
    run = SimpleNamespace(history="Settings were changed.", remarks=said)
    assert _remarks(run) == [
        "Settings were changed.",
        "Requests asked the pool late.",
        "Another one.",
    ]
    assert _remarks(None) == []


def test_clients_that_fall_behind_are_told_on_the_panel(open_panel, until, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    values = {"backend": "delay", "backend_seconds": 0.01, "request_rate": 100_000}
    panel = open_panel(settings={**values, "concurrency": 1})
    panel.run_or_stop()
    until(lambda: "1 client thread was busy" in panel.displays.which_is_off.value, 120)
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
