"""The whole path of a user: trace, sliders, live run, recommendation, report."""

import hashlib
import json
import re
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
TOKEN = "for-the-test"
PATIENCE = 120.0


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.1)
    return found


PAINTED = """
images => images.map(image => {
  if (!image.complete || !image.naturalWidth) return null;
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL();
})
"""


def pictures(page):
    """Return a hash of what the what-if and the live picture show, once both have come.

    A picture that is being replaced shows nothing for a moment.
    """

    def shown():
        painted = page.eval_on_selector_all(".jp-OutputArea img.jupyter-widgets", PAINTED)
        return painted if len(painted) == 2 and all(painted) else None

    painted = until(shown, "two pictures")
    return [hashlib.sha256(data.encode()).hexdigest() for data in painted]


def requests_run(page):
    """Return how many requests the status line says have run; 0 where nothing runs."""
    said = page.locator(".perflab-status").inner_text()
    found = re.search(r"running, [^·]*?([\d,]+) requests", said)
    return int(found.group(1).replace(",", "")) if found else 0


def move(handle, times):
    """Move a slider to the right, and wait until it says that it stands elsewhere."""
    before = handle.get_attribute("aria-valuetext")
    for _ in range(times):
        handle.press("ArrowRight")
    until(lambda: handle.get_attribute("aria-valuetext") != before, "a moved slider")


def button(page, word):
    return page.locator("button.jupyter-button", has_text=re.compile(f"^\\s*{word}\\s*$"))


def press(page, word):
    button(page, word).click()


def open_notebook(page, lab, name):
    address, _ = lab
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text("| Idle").first.wait_for()


def test_a_user_goes_from_a_trace_to_a_report(page, lab):
    open_notebook(page, lab, "01_cache.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector("img.jupyter-widgets")
    page.get_by_text("334,264 requests").first.wait_for()

    handle = page.locator(".noUi-handle:visible").first
    before, _ = pictures(page)
    move(handle, 8)
    until(lambda: pictures(page)[0] != before, "a new what-if picture")

    press(page, "Pin baseline")
    press(page, "Run")
    until(lambda: requests_run(page), "a run")
    what_if, live = pictures(page)
    until(lambda: pictures(page)[1] != live, "a live picture")
    move(handle, 5)
    until(lambda: pictures(page)[0] != what_if, "a what-if picture of the second move")
    requests, (_, moving) = requests_run(page), pictures(page)
    until(lambda: requests_run(page) > requests, "more requests after the move")
    until(lambda: pictures(page)[1] != moving, "a moving live picture")
    press(page, "Pause")
    button(page, "Resume").wait_for()
    press(page, "Resume")
    button(page, "Pause").wait_for()
    press(page, "Stop")
    button(page, "Run").wait_for()

    press(page, "Recommend")
    page.get_by_text("Recommended:").first.wait_for()
    press(page, "Export report")
    page.get_by_text("Report written:").first.wait_for()
    _, folder = lab
    found = list(folder.glob("perflab-report-*/report.html"))
    report = json.loads((found[0].parent / "report.json").read_text())
    kinds = {result["kind"] for result in report["results"]}
    assert {"run", "recommendation"} <= kinds
    assert not page.get_by_text("Traceback").count()

    page.goto(found[0].as_uri())
    text = page.text_content("body")
    for words in ("max_cache_size", "PythonCodeNode", "cachetools", "perflab run cache"):
        assert words in text
    assert page.locator("svg").count() >= 2
