"""The panel on a trace that is large: a sampled answer first, an exact one in the end."""

import pytest

from perflab.instrumentation.catalog import metric
from perflab.modelling.prediction import Prediction
from perflab.panels.curve_forecast import exactness
from perflab.patterns.cache.model import progressive as progressive_cache
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.settings import LoadSettings

LARGE = "zipf:skew=0.9,keys=150k,requests=500k,seed=3"
ALONE = {"policy": "sieve", "concurrency": 1}
"""One thread waits for no load of another's, so its hits are those of a plain count."""


@pytest.fixture
def small_is_large(monkeypatch):
    monkeypatch.setattr(progressive_cache, "LARGE", 400_000)


def test_panel_says_sampled_with_its_error_and_then_exact(small_is_large, monkeypatch):
    from perflab.panels.opening import workbench

    said = []
    panel = workbench("cache", LARGE, settings={**ALONE, "max_cache_size": 9000})
    status, say = panel.status, panel.status.say
    monkeypatch.setattr(status, "say", lambda *words: (said.append(words[1]), say(*words)))
    try:
        panel.wait(60)
        panel.controls.show({"max_cache_size": 7000})
        panel.forecast.ask(*panel.controls.read())
        panel.wait(60)
        assert any("sampled" in words and "± 0." in words for words in said)
        assert said[-1] == "what-if exact"
        settings = panel.controls.read()[0]
        hits = CacheCounter(panel.workload).counts(settings, LoadSettings()).hits
        assert panel.forecast.prediction.metrics["hits"] == hits
    finally:
        panel.close()


@pytest.mark.parametrize(
    ("sampled", "error", "words"),
    [
        (0.01, 0.003, "sampled 1 %, ± 0.30 points"),
        (0.131, 0.0123, "sampled 13.1 %, ± 1.2 points"),
        (1.0, 0.0, "what-if exact"),
    ],
)
def test_exactness_in_words(sampled, error, words):
    found = Prediction({"hit_rate": 0.5}, sampled=sampled, error=error)
    assert exactness(found, metric("hit_rate")) == words
