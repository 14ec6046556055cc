"""Streaming in a browser: chunk size, another engine in the middle of a run, a report."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_a_user_streams_a_table_by_two_engines_and_ships_the_settings(panel, page):
    panel.open("06_streaming.ipynb", first_only=True)
    panel.says("334,264 rows")
    panel.run_and_move()
    engines = page.locator(".perflab-control", has_text="engine").first
    engines.get_by_role("button", name="arrow", exact=True).click()
    panel.go_on(5)
    panel.stop()
    run = panel.write_down(
        ("chunk size", "StreamProcessor", "read_csv", "sink_ndjson", "perflab run streaming")
    )
    assert run["settings"]["engine"] == "arrow"
    assert run["metrics"]["rows_in"] > 0
