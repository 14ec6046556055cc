"""Lazy loading in a browser: chunk size, another store, a live run, recommendation, report."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_a_user_cuts_a_store_runs_it_and_ships_the_settings(panel, page):
    panel.open("03_lazy_loading.ipynb", first_only=True)
    panel.says("200,000 requests")
    handle = page.locator(".noUi-handle:visible").first
    before, _ = panel.pictures()
    panel.move(handle, 6)
    panel.until_new(0, before, "a new what-if picture")

    source = page.locator(".perflab-control", has_text="data source").locator("input")
    source.fill("nowhere.parquet")
    source.press("Enter")
    told = page.get_by_text("nowhere.parquet: cannot be opened").locator("visible=true")
    told.first.wait_for()
    source.fill("flights:npy")
    source.press("Enter")
    panel.until(lambda: told.count() == 0, "the error's end")

    panel.press("Run")
    panel.until(panel.requests_run, "a run")
    requests = panel.requests_run()
    panel.move(handle, 4)
    panel.until(lambda: panel.requests_run() > requests + 5000, "more requests after the move")
    panel.press("Stop")
    panel.button("Run").wait_for()
    panel.press("Recommend")
    panel.says("Recommended:")
    folder = panel.report()
    results = json.loads((folder / "report.json").read_text())["results"]
    assert {"run", "recommendation"} <= {result["kind"] for result in results}
    run = next(result for result in results if result["kind"] == "run")
    assert run["settings"]["data_source"] == "flights:npy"
    assert run["metrics"]["errors"] == 0
    assert not page.get_by_text("Traceback").count()
    page.goto((folder / "report.html").as_uri())
    text = page.text_content("body")
    for words in ("chunk_size", "PythonCodeNode", "blockcache", "perflab run lazy_loading"):
        assert words in text
    assert page.locator("svg").count() >= 4
