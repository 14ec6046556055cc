"""The whole path of a user: trace, sliders, live run, recommendation, report."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_a_user_goes_from_a_trace_to_a_report(panel, page):
    panel.open("01_cache.ipynb")
    panel.says("334,264 requests")
    # Run All leads to the last cell; the panel comes back into view by itself.
    panel.until(lambda: 0 <= page.locator(".perflab").bounding_box()["y"] < 700, "a panel in view")

    handle = page.locator(".noUi-handle:visible").first
    before = panel.what_if()
    panel.move(handle, 8)
    panel.until(lambda: panel.what_if() != before, "a what-if of other settings")

    page.locator(".perflab-standing", has_text="against OPT").wait_for()
    for tab, picture in (("Maps", "maps"), ("More charts", "more"), ("Over time", "over-time")):
        page.locator(".perflab-tab", has_text=tab).click()
        page.locator(f"img.perflab-{picture}:visible").first.wait_for()
    before, _ = panel.pictures()
    page.locator(".perflab-fold", has_text="Compare").click()
    page.locator(".perflab-chips button", has_text="fifo").first.click()
    panel.until_new(0, before, "a line that was chosen")

    panel.press("Pin baseline")
    panel.press("Run")
    panel.until(panel.requests_run, "a run")
    _, live = panel.pictures()
    panel.until_new(1, live, "a live picture")
    what_if = panel.what_if()
    panel.move(handle, 5)
    panel.until(lambda: panel.what_if() != what_if, "a what-if of the second move")
    requests, (_, moving) = panel.requests_run(), panel.pictures()
    panel.until(lambda: panel.requests_run() > requests, "more requests after the move")
    panel.until_new(1, moving, "a moving live picture")
    panel.press("Pause")
    panel.button("Resume").wait_for()
    panel.press("Resume")
    panel.button("Pause").wait_for()
    panel.stop()
    panel.write_down(
        ("max_cache_size", "PythonCodeNode", "cachetools", "perflab run cache", "least at")
    )
