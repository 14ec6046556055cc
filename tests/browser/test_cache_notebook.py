"""The whole path of a user: trace, sliders, live run, recommendation, report."""

import hashlib
import json
import re
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
TOKEN = "for-the-test"


def until(condition, seconds=60.0, what="it"):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.1)
    return found


PAINTED = """
images => images.filter(image => image.naturalWidth).map(image => {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL();
})
"""


def pictures(page):
    """Return a hash of what each picture of the panel shows."""
    painted = page.eval_on_selector_all(".jp-OutputArea img.jupyter-widgets", PAINTED)
    return [hashlib.sha256(data.encode()).hexdigest() for data in painted]


def button(page, word):
    return page.locator("button.jupyter-button", has_text=re.compile(f"^\\s*{word}\\s*$"))


def press(page, word):
    button(page, word).click()


def open_notebook(page, lab, name):
    address, _ = lab
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.get_by_text("| Idle").first.wait_for(timeout=60_000)


def test_a_user_goes_from_a_trace_to_a_report(page, lab):
    open_notebook(page, lab, "01_cache.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector("img.jupyter-widgets", timeout=90_000)
    page.get_by_text("334,264 requests").first.wait_for(timeout=60_000)
    first = until(lambda: len(found := pictures(page)) >= 2 and found, what="pictures")

    handle = page.locator(".noUi-handle:visible").first
    handle.focus()
    before = pictures(page)
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    until(lambda: pictures(page)[0] != before[0], what="a new what-if picture")

    press(page, "Pin baseline")
    press(page, "Run")
    live = pictures(page)
    until(lambda: pictures(page)[1] != live[1], what="a live picture")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    time.sleep(3)
    moving = pictures(page)
    until(lambda: pictures(page)[1] != moving[1], what="a moving live picture")
    press(page, "Pause")
    button(page, "Resume").wait_for(timeout=10_000)
    press(page, "Resume")
    button(page, "Pause").wait_for(timeout=10_000)
    press(page, "Stop")
    button(page, "Run").wait_for(timeout=20_000)

    press(page, "Recommend")
    page.get_by_text("Recommended:").first.wait_for(timeout=60_000)
    press(page, "Export report")
    _, folder = lab
    found = until(lambda: list(folder.glob("perflab-report-*/report.html")), what="a report")
    report = json.loads((found[0].parent / "report.json").read_text())
    kinds = {result["kind"] for result in report["results"]}
    assert {"run", "recommendation"} <= kinds
    assert first
    assert not page.get_by_text("Traceback").count()

    page.goto(found[0].as_uri())
    text = page.text_content("body")
    for words in ("max_cache_size", "PythonCodeNode", "cachetools", "perflab run cache"):
        assert words in text
    assert page.locator("svg").count() >= 2
