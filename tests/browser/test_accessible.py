"""A panel for those who do not see it or have no mouse: axe-core's rules, names and values."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NAMED = """
handles => handles.map(handle => [
  handle.getAttribute('aria-label'),
  handle.getAttribute('aria-valuetext'),
  handle.closest('.perflab-control').querySelector('input').value,
])
"""
PICTURES = ".perflab img.perflab-picture"
ALL_TOLD = "images => images.every(image => image.alt || !image.getClientRects().length)"


@pytest.mark.parametrize("name", ["01_cache.ipynb", "04_connection_pool.ipynb"])
def test_axe_finds_nothing_wrong_and_sliders_say_their_values(panel, page, name):
    panel.open(name, first_only=True)
    images = page.locator(".perflab img.perflab-what-if")
    panel.until(lambda: "present settings" in (images.first.get_attribute("alt") or ""), "a text")
    panel.until(lambda: page.eval_on_selector_all(PICTURES, ALL_TOLD), "a text for each picture")
    assert panel.named() == []
    named = page.eval_on_selector_all(".perflab .noUi-handle", NAMED)
    assert named
    for label, spoken, written in named:
        assert label
        assert spoken == written

    handle = page.locator(".perflab .noUi-handle:visible").first
    before = images.first.get_attribute("alt")
    panel.move(handle, 3)
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.locator(".perflab-tip", has_text="Allowed:").wait_for()
    panel.until(lambda: images.first.get_attribute("alt") != before, "another text")
    field = page.locator(".perflab-control input:visible").first
    panel.until(lambda: field.input_value() == handle.get_attribute("aria-valuetext"), "a value")

    panel.press("Workload")
    page.locator(".perflab-picker").wait_for()
    panel.until(lambda: page.locator(".perflab-picker select[aria-label]").count(), "a name")
    assert panel.named() == []
