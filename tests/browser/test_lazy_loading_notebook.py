"""Lazy loading in a browser: chunk size, another store, a live run, recommendation, report."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_a_user_cuts_a_store_runs_it_and_ships_the_settings(panel, page):
    panel.open("03_lazy_loading.ipynb", first_only=True)
    panel.says("200,000 requests")
    source = page.locator(".perflab-control", has_text="data source").locator("input")
    source.fill("nowhere.parquet")
    source.press("Enter")
    told = page.get_by_text("nowhere.parquet: cannot be opened").locator("visible=true")
    told.first.wait_for()
    source.fill("flights:npy")
    source.press("Enter")
    panel.until(lambda: told.count() == 0, "the error's end")

    panel.run_and_move()
    panel.move(page.locator(".noUi-handle:visible").first, 4)
    panel.go_on(5000)
    panel.stop()
    run = panel.write_down(
        ("chunk_size", "PythonCodeNode", "blockcache", "perflab run lazy_loading"), figures=4
    )
    assert run["settings"]["data_source"] == "flights:npy"
    assert run["metrics"]["errors"] == 0
