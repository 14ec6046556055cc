"""The panel's help and the glossary are one text, and no word of the panel is without it."""

import re

import pytest

from perflab.bench import bench_names, load_bench
from perflab.charts.marks import MARK_NAMES
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.panels import glossary as page
from perflab.panels.explained import COLUMNS, LINES, MeaningsList, caption, titled
from perflab.panels.glossary import glossary, meaning, meaning_of, read_glossary, term_of

PAGE = """# Glossary

:::{glossary}
hit
hit rate
  Of *requests*,
  `in all`.

entry
  A key.
:::

beyond
  Not a term.
"""
PARTS = ("setting", "compare", "server", "alert", "what-if", "live run", "fingerprint", "price")


def shown_metrics(bench):
    display = bench.display
    charts = [name for each in display.all_charts for name in (each.metric, *each.also)]
    live = [name for each in display.live_charts for name in each.metrics]
    maps = [each.metric for each in display.all_maps]
    return dict.fromkeys((*display.headline, *charts, *live, *maps))


def test_terms_in_a_row_share_one_plain_meaning():
    assert read_glossary(PAGE) == {
        "hit": "Of requests, in all.",
        "hit rate": "Of requests, in all.",
        "entry": "A key.",
    }


@pytest.mark.parametrize("name", bench_names())
def test_every_metric_of_a_panel_is_in_the_glossary(name):
    missing = [each for each in shown_metrics(load_bench(name)) if not meaning_of(metric(each))]
    assert missing == []


@pytest.mark.parametrize("term", [*COLUMNS, *LINES, *MARK_NAMES.values(), *PARTS])
def test_every_part_of_a_panel_is_in_the_glossary(term):
    assert meaning(term)


def test_a_plural_has_the_meaning_of_one():
    assert meaning("evictions") == meaning("eviction") != ""


def test_a_label_with_a_comma_is_looked_up_whole_then_by_its_parts():
    server = MetricInfo("server_hit_rate", "hit rate, server", "ratio", "higher")
    assert meaning_of(server) == glossary()["hit rate, server"] != meaning("hit rate")
    p99 = MetricInfo("latency_seconds_p99", "latency, p99", "seconds", "lower")
    assert meaning_of(p99) == meaning("latency")


def test_a_metric_of_another_package_has_no_help_and_is_no_error():
    unknown = MetricInfo("toy", "colours of the toy", "", "neither")
    assert meaning_of(unknown) == ""
    assert titled(meaning_of(unknown)) == ""


def test_an_installation_without_the_page_has_no_help(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PLACES", (tmp_path / "glossary.md",))
    glossary.cache_clear()
    try:
        assert meaning("hit rate") == ""
    finally:
        glossary.cache_clear()


def test_the_page_of_an_installed_package_comes_first(tmp_path, monkeypatch):
    (tmp_path / "glossary.md").write_text(PAGE)
    monkeypatch.setattr(page, "PLACES", (tmp_path / "glossary.md", *page.PLACES))
    glossary.cache_clear()
    try:
        assert meaning("entry") == "A key."
    finally:
        glossary.cache_clear()


def test_a_caption_is_a_heading_with_its_help():
    value = caption("what if", "what-if").value
    assert re.search("role='heading' aria-level='3' title='[^']+'>what if<", value)


def test_help_cannot_end_its_attribute():
    assert titled("it's <b>") == " title='it&#x27;s &lt;b&gt;'"


@pytest.mark.parametrize("name", bench_names())
def test_all_that_has_help_under_the_pointer_is_also_in_the_list(name):
    bench = load_bench(name)
    listed = re.findall("<dt>(.*?)</dt>", MeaningsList(bench).widget.value)
    terms = {term_of(metric(each)) for each in shown_metrics(bench)}
    assert terms | {*COLUMNS, *LINES, *MARK_NAMES.values()} <= set(listed)
