"""What comes and goes on a panel: cards that move no chart, themes, and marks that answer."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
CORNERS = """
images => images.filter(image => image.offsetParent && image.naturalWidth).map(image => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1, 1];
  canvas.getContext('2d').drawImage(image, 0, 0, 1, 1, 0, 0, 1, 1);
  return [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data.slice(0, 3)];
})
"""
TOPS = """
() => [...document.querySelectorAll('img.perflab-what-if, img.perflab-live, .perflab-controls')]
  .map(each => each.getBoundingClientRect().top
    - document.querySelector('.perflab').getBoundingClientRect().top)
"""
KERNEL = """
async code => {
  const {context} = window.jupyterapp.shell.currentWidget;
  await context.sessionContext.session.kernel.requestExecute({code}).done;
}
"""
ASKS = """
from perflab.servers.consent import ConsentNeededError, ForeignServer
panel.server.ask(ConsentNeededError((ForeignServer("shop:6379/0", "writes keys"),)), print)
"""
READ_OUT = ".perflab-readout:not([hidden])"
FIELD = ".perflab-control input[type=text]:visible"


@pytest.fixture
def opened(panel, page):
    before = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 800})
    panel.open("01_cache.ipynb", first_only=True)
    panel.says("what-if exact")
    page.locator(".perflab").evaluate("panel => panel.scrollIntoView()")
    yield panel
    page.set_viewport_size(before)


def corners(page):
    return page.locator(".perflab img.perflab-picture").evaluate_all(CORNERS)


def chosen(page):
    """Return the words of the buttons that are pressed among the controls."""
    pressed = page.locator(".perflab-control .widget-toggle-button.mod-active")
    return [text.strip() for text in pressed.all_inner_texts()]


def until_paper(panel, page, paper):
    panel.until(lambda: {*map(tuple, corners(page))} == {(paper,) * 3}, f"paper of {paper}")


def test_a_dot_that_keys_move_keeps_the_focus_where_its_map_is_drawn_for_another_width(
    opened, page
):
    """Asked before any theme is loaded: for a frame then JupyterLab hides all of itself."""
    page.locator(".perflab-tab", has_text="Maps").click()
    picture = page.locator("img.perflab-maps")
    handle = page.locator(".perflab-pictured:has(img.perflab-maps) .perflab-handle")
    handle.wait_for()  # until then a key would go to the tab, as what is hidden takes no focus
    before = picture.get_attribute("src")
    handle.press("ArrowLeft")
    page.set_viewport_size({"width": 1600, "height": 800})
    opened.until(lambda: picture.get_attribute("src") != before, "a map of another width")
    assert handle.evaluate("each => each === document.activeElement")


def test_charts_follow_the_theme_of_the_page_at_once(opened, page):
    until_paper(opened, page, 255)
    page.evaluate(THEME, "JupyterLab Dark")
    try:
        until_paper(opened, page, 0x11)
        assert len(corners(page)) >= 2
        halo = page.locator(".perflab-pictured:has(img.perflab-what-if) .perflab-now-text").first
        opened.until(lambda: halo.get_attribute("stroke") == "#111111", "a dark layer")
        page.locator(".perflab-tab", has_text="Maps").click()
        until_paper(opened, page, 0x11)
    finally:
        page.evaluate(THEME, "JupyterLab Light")
    until_paper(opened, page, 255)


def test_no_card_moves_a_chart(opened, page):
    tops = page.evaluate(TOPS)
    assert len(tops) == 3
    opened.press("Workload")
    picker = page.locator(".perflab-picker")
    picker.wait_for()
    assert page.evaluate(TOPS) == tops
    page.keyboard.press("Escape")
    picker.wait_for(state="hidden")
    opened.press("Workload")
    picker.wait_for()
    chart = page.locator("img.perflab-live").bounding_box()
    page.mouse.click(chart["x"] + 5, chart["y"] + 5)
    picker.wait_for(state="hidden")

    page.evaluate(KERNEL, ASKS)
    page.locator(".perflab-over").get_by_text("shop:6379/0").wait_for()
    assert page.evaluate(TOPS) == tops
    page.evaluate(KERNEL, "panel.server.consent.hide()")

    page.locator(".perflab-fold", has_text="Alerts").press("Enter")
    field = page.locator(".perflab-new-alert input")
    field.fill("requests>=1")
    field.press("Enter")
    opened.press("Run")
    opened.until(opened.requests_run, "a run")
    page.locator(".perflab-alarm [role=alert]").wait_for()
    page.evaluate(KERNEL, "panel.status.fail('a long problem ' * 40)")
    page.locator(".perflab-status .problem").wait_for()
    assert page.evaluate(TOPS) == tops
    page.evaluate(KERNEL, "panel.status.clear()")
    opened.stop()


def test_a_mark_says_what_happened_and_a_click_chooses_a_line(opened, page):
    opened.press("Run")
    opened.until(opened.requests_run, "a run")
    opened.move(page.locator(".noUi-handle:visible").first, 2)
    page.locator(".perflab-tab", has_text="Events").click()
    page.locator(".perflab-events li").first.wait_for()
    strip = page.locator("img.perflab-live").bounding_box()

    def mark_is_read():
        for place in range(56, 260, 3):
            page.mouse.move(strip["x"] + place, strip["y"] + 60)
            read = page.locator(READ_OUT).all_inner_texts()
            if any("max cache size 1k → " in text for text in read):
                return True
        return False

    opened.until(mark_is_read, "a mark that says what happened")
    opened.stop()

    chart = page.locator("img.perflab-what-if").bounding_box()
    at = None
    for place in range(60, 190, 2):
        spot = (chart["x"] + 130, chart["y"] + place)
        page.mouse.move(*spot)
        read = page.locator(READ_OUT).all_inner_texts()
        found = [re.search(r"a click chooses ([\w-]+)", text) for text in read]
        # What is a simulation only is never offered.
        assert not any(match and match[1] in ("OPT", "W-TinyLFU") for match in found)
        at = next(((*spot, match[1]) for match in found if match), None)
        if at:
            break
    assert at is not None
    page.mouse.click(*at[:2])
    opened.until(lambda: at[2] in chosen(page), "the policy of the line")
    assert "LRU" not in chosen(page)
    page.mouse.dblclick(chart["x"] + 190, chart["y"] + 160)
    opened.until(lambda: opened.page.locator(FIELD).first.input_value() == "1k", "the first size")
