"""A panel beside JupyterLab's side bar: what fits, what scrolls, and what axe-core says of it."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NOTEBOOKS = (
    "01_cache",
    "02_redis_cache",
    "03_lazy_loading",
    "04_connection_pool",
    "05_prefetching",
    "06_streaming",
    "07_async_io",
)
SCREEN = 640
"""CSS pixels that JupyterLab leaves for a panel in a window of 1280 x 800."""
SMALLEST_TEXT = 11.0
RECOMMENDED = re.compile("(Recommended|Closest): ")

SCROLLERS = """
() => {
  const panel = document.querySelector('.perflab');
  const around = [];
  let each = panel;
  for (; each && !each.matches('.jp-WindowedPanel-outer'); each = each.parentElement)
    around.push(each);
  const found = [];
  for (const each of [...around, ...panel.querySelectorAll('*')]) {
    const style = getComputedStyle(each);
    const sideways = /auto|scroll/.test(style.overflowX) && each.scrollWidth > each.clientWidth;
    const down = /auto|scroll/.test(style.overflowY) && each.scrollHeight > each.clientHeight;
    const meant = each.matches('.perflab-controls') && !sideways;
    if (each.clientWidth && (sideways || down) && !meant) found.push(each.className);
  }
  return found;
}
"""
STICK_OUT = """
() => {
  const panel = document.querySelector('.perflab');
  const edge = panel.getBoundingClientRect().right + 1;
  return [...panel.querySelectorAll('*')]
    .filter(each => each.offsetParent && each.getBoundingClientRect().right > edge)
    .map(each => each.className);
}
"""
SCALED = """
() => [...document.querySelectorAll('.perflab img.perflab-picture')]
  .filter(each => each.offsetParent)
  .filter(each => !each.naturalWidth
    || Math.abs(each.naturalWidth - each.clientWidth * devicePixelRatio) > devicePixelRatio)
  .map(each => [each.className, each.naturalWidth, each.clientWidth])
"""
DEPTH = """
() => document.querySelector('.perflab-main').getBoundingClientRect().bottom
  - document.querySelector('.perflab').getBoundingClientRect().top
"""
SMALLEST = """
() => Math.min(...[...document.querySelectorAll('.perflab *')]
  .filter(each => each.offsetParent && [...each.childNodes].some(
    node => node.nodeType === 3 && node.textContent.trim()))
  .map(each => parseFloat(getComputedStyle(each).fontSize)))
"""
LONG = """
() => {
  const [status, trust] = ['status', 'judged'].map(each => document.querySelector(
    `.perflab-said .perflab-${each}`));
  trust.style.display = '';
  const [first, second] = [status, trust].map(each => each.querySelector('.widget-html-content'));
  first.innerHTML = `<span class='now live'>${'running, 12 s, 9 min left '.repeat(9)}</span>`;
  second.textContent = 'Predicted and measured agree. '.repeat(30);
}
"""
HIDDEN = """
() => [...document.querySelectorAll('.perflab-said, .perflab-said *')]
  .filter(each => each.scrollHeight > each.clientHeight + 1 && each.clientHeight)
  .filter(each => getComputedStyle(each).overflowY === 'hidden')
  .map(each => getComputedStyle(each).webkitLineClamp)
"""
"""Of what hides a part of its text, after how many lines it puts an ellipsis."""
STAYS = """
() => {
  document.querySelector('.perflab-below').scrollIntoView({block: 'end'});
  const top = each => document.querySelector(each).getBoundingClientRect().top;
  return top('.perflab-controls') - top('.perflab-body');
}
"""
"""How far the controls have come along with what was scrolled to."""
THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"


def until_drawn(panel, page):
    """Wait until what-if has an answer, and all pictures are drawn as wide as they are shown."""
    image = page.locator(".perflab img.perflab-what-if")
    panel.until(lambda: "present settings" in (image.get_attribute("alt") or ""), "an answer")
    panel.until(lambda: not page.evaluate(SCALED), "pictures of the right size")


@pytest.fixture(autouse=True)
def as_before(page):
    before = page.viewport_size
    yield
    page.evaluate(THEME, "JupyterLab Light")
    page.set_viewport_size(before)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_panel_fits_beside_the_side_bar_in_both_themes(panel, page, name):
    panel.open(f"{name}.ipynb", first_only=True)
    for width in (1024, 1600, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        until_drawn(panel, page)
        panel.until(lambda: not page.evaluate(SCROLLERS), f"no dead scroll bar at {width}")
        assert page.evaluate(STICK_OUT) == [], width
    assert page.evaluate(DEPTH) <= SCREEN
    assert page.evaluate(SMALLEST) >= SMALLEST_TEXT
    assert panel.named() == []
    page.evaluate(THEME, "JupyterLab Dark")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    assert panel.named() == []


def test_sections_tabs_and_charts_by_keyboard(panel, page):
    panel.open("01_cache.ipynb", first_only=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    until_drawn(panel, page)

    heading = page.locator(".perflab-fold", has_text="Compare")
    assert heading.get_attribute("aria-expanded") == "false"
    heading.press("Enter")
    page.locator(".perflab-chips:visible").wait_for()
    panel.until(lambda: heading.get_attribute("aria-expanded") == "true", "an open section")
    assert panel.named() == []

    page.locator(".perflab-tab", has_text="All numbers").press("ArrowRight")
    page.locator("img.perflab-more:visible").first.wait_for()
    panel.until(lambda: not page.evaluate(SCALED), "pictures of the right size")
    chosen = page.locator(".perflab-tab[aria-selected=true]")
    panel.until(lambda: chosen.all_inner_texts() == ["More charts"], "the next tab")

    enlarge = page.locator(".perflab-enlarge:visible")
    tall = "images => images.map(image => image.clientHeight)"
    pictures = page.locator("img.perflab-what-if, img.perflab-live")
    before = pictures.evaluate_all(tall)
    enlarge.first.press("Enter")
    panel.until(lambda: min(pictures.evaluate_all(tall)) > min(before), "larger charts")
    until_drawn(panel, page)
    panel.until(lambda: enlarge.count() == 1, "one button, to go back")
    page.keyboard.press("Escape")
    panel.until(lambda: pictures.evaluate_all(tall) == before, "the charts as before")

    top = "() => document.querySelector('.perflab-main').getBoundingClientRect().height"
    panel.says("best here:")  # a line under the numbers, which comes with the last curve
    height = page.evaluate(top)
    panel.press("Recommend")
    page.locator(".perflab-tab-panel .perflab-card:visible").wait_for()
    assert page.evaluate(top) == height
    panel.says(RECOMMENDED)
    assert page.evaluate(STAYS) > 0
    assert panel.named() == []
    page.evaluate(THEME, "JupyterLab Dark")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    assert panel.named() == []


def test_messages_without_room_end_with_an_ellipsis(panel, page):
    panel.open("01_cache.ipynb", first_only=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    until_drawn(panel, page)
    top = "() => document.querySelector('.perflab-enlarging').getBoundingClientRect().top"
    before = page.evaluate(top)
    page.mouse.move(2, 2)
    # At once, as the panel may say something else in a moment.
    cut = f"() => {{ ({LONG})(); return ({HIDDEN})(); }}"
    assert page.evaluate(cut) == ["1", "2"]
    assert page.evaluate(top) == before
    page.locator(".perflab-said").focus()
    assert page.evaluate(cut) == []


def test_pictures_have_the_pixels_of_a_fine_screen(panel, page):
    panel.open("01_cache.ipynb", first_only=True)
    until_drawn(panel, page)
    fine = page.context.new_cdp_session(page)
    size = {"width": 1280, "height": 800, "deviceScaleFactor": 2, "mobile": False}
    fine.send("Emulation.setDeviceMetricsOverride", size)
    try:
        panel.until(lambda: page.evaluate("devicePixelRatio") == 2, "a fine screen")
        until_drawn(panel, page)
    finally:
        fine.send("Emulation.clearDeviceMetricsOverride")
