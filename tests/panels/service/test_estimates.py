"""A long workload is estimated first, with a band, whatever else is being computed."""

from __future__ import annotations

import threading

import pytest

from perflab.panels.service import answers

LONG = "zipf:skew=0.9,keys=20k,requests=60k,seed=10"
VALUES = {
    "workers": 2,
    "request_rate": 2000,
    "cache": {"max_cache_size": 2000},
    "redis_cache": {"maxmemory": "3MiB"},
}


@pytest.fixture
def panel(open_panel, monkeypatch):
    monkeypatch.setattr(answers, "_LONG", 1000)
    monkeypatch.setattr(answers, "_FEW", 12_000)
    return open_panel(VALUES, LONG)


def test_estimate_is_shown_with_its_band_and_then_replaced(panel, monkeypatch):
    shown, show = [], panel.chain.show
    monkeypatch.setattr(panel.chain, "show", lambda found: (shown.append(found), show(found)))
    faint = []
    monkeypatch.setattr(
        type(panel.chain.alternative), "say", lambda _, text: faint.append(text), raising=True
    )
    panel.change({"cache.max_cache_size": 3000})
    panel.wait(120)
    first, last = shown
    assert 0 < first.sampled < 1
    assert last.sampled == 1
    assert first.settings == last.settings
    assert abs(first.metrics["hit_rate"] - last.metrics["hit_rate"]) < 2 * first.error + 0.02
    banded = [text for text in faint if "points, sampled" in text]
    assert len(banded) == 1


def test_move_is_estimated_while_an_overtaken_answer_is_computed(panel, monkeypatch):
    predict, gate, begun = panel.answers.predict, threading.Event(), threading.Event()
    asked = []

    def slow(service):
        asked.append(service)
        begun.set()
        assert gate.wait(60)
        return predict(service)

    monkeypatch.setattr(panel.answers, "predict", slow)
    panel.change({"cache.max_cache_size": 2500})
    assert begun.wait(60)
    for size in (2600, 2700, 2800):
        panel.change({"cache.max_cache_size": size})
        assert panel.forecast._first.wait(60)
        assert panel.prediction.settings["cache"]["max_cache_size"] == size
        assert panel.prediction.sampled < 1
    gate.set()
    panel.wait(120)
    assert panel.prediction.sampled == 1
    assert panel.prediction.settings["cache"]["max_cache_size"] == 2800
    assert len(asked) == 2, "what was overtaken before it began is not computed"


def test_exact_answer_that_is_overtaken_while_shown_is_not_taken_for_the_next(panel, monkeypatch):
    predict, show = panel.answers.predict, panel.shares.show
    gate, drawing = threading.Event(), threading.Event()
    more, done = threading.Event(), threading.Event()

    def shown(found):
        if found.sampled == 1 and found.settings["cache"]["max_cache_size"] == 2500:
            drawing.set()
            assert gate.wait(60)
        show(found)

    def slow(service):
        if service.stage("cache").settings.max_cache_size == 2600:
            more.set()
            assert done.wait(60)
        return predict(service)

    monkeypatch.setattr(panel.shares, "show", shown)
    monkeypatch.setattr(panel.answers, "predict", slow)
    panel.change({"cache.max_cache_size": 2500})
    assert drawing.wait(60)
    panel.change({"cache.max_cache_size": 2600})
    panel.forecast._first.wait(0.3)
    gate.set()
    assert more.wait(60)
    try:
        assert panel.prediction.sampled < 1
        assert "exact" not in panel.status.text
        estimate = dict(panel.prediction.metrics)
        for entry in panel.lasting.trail.entries:
            assert entry["predicted"] != estimate
    finally:
        done.set()
        panel.wait(120)
    exact = {e["settings"]["cache.max_cache_size"]: e for e in panel.lasting.trail.entries}
    assert exact[2600]["predicted"] == panel.prediction.metrics
