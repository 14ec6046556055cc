"""What a user's pointer and keys do over the pictures, in a real JupyterLab."""

import json
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SIZE = ".perflab-pictured:has(img.perflab-what-if) .perflab-handle"
FIELD = ".perflab-control input[type=text]:visible"
DOTS = "circle.perflab-dot-now"
FOLLOWS = """
handle => {
  window.followed = [];
  let before = handle.style.left;
  handle.closest('.perflab-pointer').addEventListener('pointermove', () => {
    window.followed.push(handle.style.left !== before);
    before = handle.style.left;
  });
}
"""


class Layer:
    """The layer over the first row of pictures, as a user's hands and eyes have it."""

    def __init__(self, panel):
        self.panel, self.page = panel, panel.page
        self.handle = self.page.locator(SIZE).first

    def open(self, policy="lru"):
        """Open the caching panel, wait until its curves are there, and let nothing else scroll."""
        self.panel.open("01_cache.ipynb", first_only=True)
        self.panel.says("what-if exact")
        self.panel.until(lambda: self.page.locator(SIZE).count() >= 2, "the layer")
        self.handle.scroll_into_view_if_needed()

    def middle(self):
        box = self.handle.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def settle(self):
        """Wait until the dot stands still: the panel draws its charts for another width."""
        places = []

        def still():
            places.append(self.middle())
            time.sleep(0.5)
            return len(places) > 3 and len(set(places[-4:])) == 1

        self.panel.until(still, "a dot that stands still")
        self.handle.scroll_into_view_if_needed()

    def size(self):
        """Return the cache size that the first slider's field says."""
        return self.page.locator(FIELD).first.input_value()

    def said(self):
        """Return what the handle says: the setting, and what it reads there."""
        return self.handle.get_attribute("aria-valuetext")

    def until_both_say(self, size):
        self.panel.until(
            lambda: self.size() == size and self.said().startswith(f"{size}: "), f"a size of {size}"
        )

    def kernel_says(self, expression):
        """Return what an expression over the panel yields in the kernel, by a cell of its own."""
        code = f"import json\nprint('kernel', json.dumps({expression}))"
        cell = self.page.evaluate(
            """
            async code => {
              const {context} = window.jupyterapp.shell.currentWidget;
              const kernel = context.sessionContext.session.kernel;
              const future = kernel.requestExecute({code});
              let said = '';
              future.onIOPub = message => { said += message.content.text ?? ''; };
              await future.done;
              return said;
            }
            """,
            code,
        )
        return json.loads(cell.split("kernel ", 1)[1])


@pytest.fixture
def layer(panel):
    return Layer(panel)


def test_a_dot_is_dragged_clicked_typed_and_reset(layer, page):
    layer.open()
    layer.settle()
    start, (x, y) = layer.size(), layer.middle()

    # Dragged: it follows at once, and the slider with it.
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=5)
    dragged = layer.said().split(":")[0]
    assert dragged != start
    assert layer.middle()[0] < x - 15
    page.mouse.up()
    layer.until_both_say(dragged)
    settings = "panel.controls.values['max_cache_size']"
    assert layer.kernel_says(f"{settings} < 1000") is True

    # The picture shows no second dot.
    assert page.locator(f".perflab-pictured:has(img.perflab-what-if) {DOTS}").count() == 2

    # A click elsewhere sets it there; Escape during a drag takes that back.
    page.mouse.click(x + 12, y)
    layer.panel.until(lambda: layer.size() not in (start, dragged), "a click that sets")
    clicked = layer.size()
    layer.until_both_say(clicked)
    x, y = layer.middle()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 25, y, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    layer.until_both_say(clicked)

    # Keys: arrows move, Escape goes back, Enter keeps, Delete resets; the notebook hears none.
    cells = page.locator(".jp-Cell").count()
    layer.handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    stepped = layer.said().split(":")[0]
    layer.until_both_say(stepped)
    page.keyboard.press("Escape")
    layer.until_both_say(clicked)
    page.keyboard.press("ArrowLeft")
    kept = layer.said().split(":")[0]
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    layer.until_both_say(kept)
    page.keyboard.press("Delete")
    layer.until_both_say(start)
    assert page.locator(".jp-Cell").count() == cells
    assert page.evaluate("document.activeElement.className") == "perflab-handle"

    # A double click resets, too.
    page.keyboard.press("PageUp")
    layer.panel.until(lambda: layer.size() != start, "a moved slider")
    page.mouse.dblclick(x - 30, y)
    layer.until_both_say(start)

    # The pointer reads all lines where it is.
    box = page.locator("img.perflab-what-if").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
    read = page.locator(".perflab-readout:not([hidden])").inner_text()
    assert read.startswith("max cache size ")
    for line in ("LRU", "SIEVE", "S3-FIFO", "W-TinyLFU", "OPT (knows the future)"):
        assert line in read
    page.mouse.move(2, 2)
    assert page.locator(".perflab-readout:not([hidden])").count() == 0

    # Within its event a move of the pointer has moved the dot: no frame shows it left behind.
    layer.handle.scroll_into_view_if_needed()
    x, y = layer.middle()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 10, y)
    layer.handle.evaluate(FOLLOWS)
    for step in range(6):
        page.mouse.move(x - 12 * (step % 2), y)
    page.mouse.up()
    assert page.evaluate("window.followed") == [True] * 6

    # A map's cells, by both of its settings.
    page.locator(".perflab-tab", has_text="Maps").click()
    page.locator("img.perflab-maps").scroll_into_view_if_needed()
    box = page.locator("img.perflab-maps").bounding_box()
    layer.panel.until(
        lambda: page.locator(".perflab-pictured:has(img.perflab-maps) circle").count(), "a map"
    )
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    layer.panel.until(lambda: page.locator(FIELD).nth(1).input_value() != "none", "a set TTL")
    assert layer.kernel_says("panel.controls.values['ttl_seconds']") > 0


def test_without_the_layers_extension_the_panel_works_as_ever(elsewhere):
    panel = elsewhere(blocked="**/lab/extensions/anywidget/**")
    page = panel.page
    panel.open("01_cache.ipynb", first_only=True)
    panel.says("what-if exact")
    assert page.locator(".perflab-pointer svg").count() == 0
    for box in page.locator(".perflab-pictured").all():
        assert box.locator("> :visible").count() == box.is_visible(), "the picture alone"
    before, _ = panel.pictures()
    panel.move(page.locator(".noUi-handle:visible").first, 3)
    panel.until_new(0, before, "a picture with its own dot")
    assert not page.get_by_text("Error").filter(visible=True).count()


def test_at_a_pixel_ratio_of_2_the_dot_is_under_the_pointer(elsewhere):
    panel = elsewhere(device_scale_factor=2)
    layer = Layer(panel)
    layer.open()
    x, y = layer.middle()
    panel.page.mouse.move(x, y)
    panel.page.mouse.down()
    panel.page.mouse.move(x - 30, y, steps=4)
    at, _ = layer.middle()
    assert abs(at - (x - 30)) < 4
    panel.page.mouse.up()
    layer.until_both_say(layer.said().split(":")[0])
    panel.page.evaluate("document.querySelector('.perflab').style.zoom = '0.75'")
    layer.settle()
    x, y = layer.middle()
    panel.page.mouse.move(x, y)
    panel.page.mouse.down()
    panel.page.mouse.move(x + 20, y, steps=4)
    assert abs(layer.middle()[0] - (x + 20)) < 4
    panel.page.mouse.up()
