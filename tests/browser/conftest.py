"""A real JupyterLab on a copy of the notebooks, and a real browser at 1280 pixels.

All tests share the server, the browser and its page, as loading JupyterLab takes a third of a test.
Each has a notebook and a kernel of its own.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TOKEN = "for-the-test"
PATIENCE = 240.0
NAMING = 10.0
BETWEEN_PRESSES = 0.8
RECOMMENDED = re.compile("(Recommended|Closest): ")  # a busy machine may miss every target
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


CHOSEN = ".jp-Notebook .jp-mod-active"
PICTURES = ".jp-OutputArea img.perflab-what-if, .jp-OutputArea img.perflab-live"
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


OPENED = """
async name => {
  const commands = window.jupyterapp?.commands;
  if (!commands || document.querySelector('.jp-Notebook, .jp-Dialog')) return false;
  await commands.execute('docmanager:open', {path: name, factory: 'Notebook'});
  return true;
}
"""
CLOSED = """
async () => {
  const app = window.jupyterapp;
  for (const document of app?.shell.widgets('main') ?? []) {
    if (!document.context) continue;
    document.context.model.dirty = false;
    await document.context.sessionContext.shutdown();
  }
  await app?.commands.execute('application:close-all');
}
"""


SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Panel:
    """A notebook open in the browser, and the panel in it, as a user's hands and eyes have it."""

    def __init__(self, page, lab):
        self.page = page
        self.address, self.folder = lab

    def open(self, name, first_only=False):
        """Open a notebook and run its cells, or those alone that make the panel: the first ones."""
        if not self.page.evaluate(OPENED, name):
            self.page.goto(f"{self.address}/lab/tree/{name}?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.get_by_text("| Idle").first.wait_for()
        if first_only:
            self.until(self._choose_first, "a chosen cell")
            alone = self.page.locator(f"{CHOSEN}.jp-CodeCell", has_not_text="workbench")
            if alone.filter(has_text="workload = ").count():
                self.page.keyboard.press("Shift+Enter")
                self.page.locator(f"{CHOSEN}.jp-CodeCell", has_text="workbench").wait_for()
            self.page.keyboard.press("Control+Enter")
        else:
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_selector("img.jupyter-widgets")

    def close(self):
        """Close the notebook as it is, and end its kernel with all that this had started."""
        self.page.evaluate(CLOSED)

    def _choose_first(self):
        """Click into the first cell of code; say whether it is the active one now."""
        self.page.locator(".jp-CodeCell .jp-InputArea-editor:visible").first.click()
        return self.page.locator(".jp-CodeCell.jp-mod-active .cm-content:focus").count()

    def until(self, condition, what):
        """Wait until the condition returns something true, and return that."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                said = self.page.locator(".perflab-status").inner_text()
                pytest.fail(f"{what} did not happen in time; the panel says: {said}")
            time.sleep(0.1)
        return found

    def named(self):
        """Return what axe-core says, once the page has had its time to name what came last."""
        from axe_playwright_python.sync_playwright import Axe

        end = time.monotonic() + NAMING
        axe = Axe()
        while True:
            found = axe.run(self.page, ".perflab").response["violations"]
            if not found or time.monotonic() > end:
                return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]

    def pictures(self):
        """Return a hash of what the what-if and the live picture show, once both have come.

        A picture that is being replaced shows nothing for a moment. Maps stand between the two.
        """

        def shown():
            painted = self.page.eval_on_selector_all(PICTURES, PAINTED)
            return painted if len(painted) >= 2 and all(painted) else None

        painted = self.until(shown, "the pictures")
        ends = (painted[0], painted[-1])
        return [hashlib.sha256(data.encode()).hexdigest() for data in ends]

    def what_if(self):
        """Return a hash of the what-if picture, and where its present dots are in the layer."""
        dots = self.page.locator(
            ".perflab-pictured:has(img.perflab-what-if) circle.perflab-dot-now"
        )
        places = "all => all.map(each => [each.getAttribute('cx'), each.getAttribute('cy')])"
        return self.pictures()[0], dots.evaluate_all(places)

    def settled(self):
        """Return what `pictures` does, once that stays: the layer takes its dots off a picture."""
        seen = []

        def still():
            seen.append(self.pictures())
            time.sleep(0.5)
            return len(seen) > 3 and all(each == seen[-1] for each in seen[-4:])

        self.until(still, "pictures that stay")
        return seen[-1]

    def until_new(self, which, before, what):
        """Wait until a picture (0: what-if, 1: live) is no longer the one of that hash."""
        return self.until(lambda: self.pictures()[which] != before, what)

    def requests_run(self):
        """Return how many requests the status line says have run; 0 where nothing runs."""
        said = self.page.locator(".perflab-status").inner_text()
        found = re.search(r"running, [^·]*?([\d,]+) requests", said)
        return int(found.group(1).replace(",", "")) if found else 0

    def move(self, handle, times):
        """Move a slider to the right, and wait until it says that it stands elsewhere."""
        before = handle.get_attribute("aria-valuetext")
        for _ in range(times):
            handle.press("ArrowRight")
        self.until(lambda: handle.get_attribute("aria-valuetext") != before, "a moved slider")

    def button(self, word):
        return self.page.locator("button.jupyter-button", has_text=re.compile(f"^\\s*{word}\\s*$"))

    def press(self, word):
        """Press a button, not so soon after the last press that it is a double click."""
        time.sleep(BETWEEN_PRESSES)
        self.button(word).click()

    def measured(self, name):
        """Return what the table of numbers says was measured of a metric, as it is written."""
        rows = self.page.locator(".perflab-all-numbers tr")
        headings = rows.first.locator("th, td").all_text_contents()
        row = rows.filter(has=self.page.get_by_text(name, exact=True))
        return row.locator("th, td").nth(headings.index("measured")).text_content()

    def run_and_move(self):
        """Move the first slider, start a run, and wait until both show in the pictures."""
        _, live = self.pictures()
        what_if = self.what_if()
        self.move(self.page.locator(".noUi-handle:visible").first, 3)
        self.until(lambda: self.what_if() != what_if, "a what-if of other settings")
        self.press("Run")
        self.until(self.requests_run, "a run")
        self.until_new(1, live, "a live picture")

    def go_on(self, count):
        """Wait until so many more requests have run."""
        before = self.requests_run()
        self.until(lambda: self.requests_run() > before + count, "more requests")

    def stop(self):
        """End the run, which must have gone well until then."""
        self.press("Stop")
        self.button("Run").wait_for()
        assert not self.page.get_by_text("run failed").count(), self.page.inner_text(
            ".perflab-status"
        )

    def says(self, words):
        """Wait until these words, or words of this pattern, stand on the page."""
        self.page.get_by_text(words).first.wait_for()

    def write_down(self, words, figures=2):
        """Ask for a recommendation, export the report, and look for words in it in a browser.

        Returns:
            The last run, as the report has it.
        """
        self.press("Recommend")
        self.says(RECOMMENDED)
        earlier = set(self.folder.glob("perflab-report-*"))
        self.press("Export report")
        self.says("Report written:")
        (made,) = set(self.folder.glob("perflab-report-*")) - earlier
        results = json.loads((made / "report.json").read_text())["results"]
        assert {"run", "recommendation"} <= {result["kind"] for result in results}
        assert not self.page.get_by_text("Traceback").count()
        shown = self.page.context.new_page()
        try:
            shown.goto((made / "report.html").as_uri())
            text = shown.text_content("body")
            assert [word for word in words if word not in text] == []
            assert shown.locator("svg").count() >= figures
            shown.set_viewport_size({"width": 390, "height": 844})
            assert shown.evaluate(SIDEWAYS) <= 0
        finally:
            shown.close()
        return [result for result in results if result["kind"] == "run"][-1]


@pytest.fixture(scope="session")
def chromium():
    found = os.environ.get("PERFLAB_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("no Chromium found; install it or name it in PERFLAB_CHROMIUM")
    return found


def _fresh(folder):
    """Return an environment in which JupyterLab opens no tab, and no panel, of an earlier time."""
    own = {
        "JUPYTER_CONFIG_DIR": folder / "jupyter",
        "JUPYTERLAB_SETTINGS_DIR": folder / "jupyter" / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "jupyter" / "workspaces",
        "PERFLAB_AUTOSAVE": "off",
    }
    return os.environ | {name: str(path) for name, path in own.items()}


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Yield the address of a JupyterLab and the folder that it serves."""
    folder = tmp_path_factory.mktemp("notebooks")
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={TOKEN}"),
        *(
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.expose_app_in_browser=True",
        ),
        f"--ServerApp.root_dir={folder}",
    ]
    log = (folder.parent / "jupyter.log").open("w")
    server = subprocess.Popen(command, stdout=log, stderr=log, env=_fresh(folder.parent))
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, (folder.parent / "jupyter.log").read_text()
                assert time.monotonic() < end, "JupyterLab did not start"
                time.sleep(0.2)
        yield address, folder
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="package")
def tab(chromium):
    """Yield a page; it ends with this folder, as its event loop would get in others' way."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=FLAGS,
            # Automation hides scroll bars, and with them those that should not be there.
            ignore_default_args=["--hide-scrollbars"],
        )
        context = running.new_context(viewport={"width": 1280, "height": 1400})
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        running.close()


@pytest.fixture
def panel(tab, lab, tmp_path):
    """Yield the page for a notebook; what it shows at the end is kept beside the test's files."""
    made = Panel(tab, lab)
    yield made
    tab.screenshot(path=tmp_path / "last.png")
    made.close()


@pytest.fixture
def page(panel):
    return panel.page


@pytest.fixture
def elsewhere(tab, lab):
    """Return a function that opens a page of another kind, beside that of the other tests."""
    made = []

    def open_page(**of):
        blocked = of.pop("blocked", None)
        context = tab.context.browser.new_context(viewport={"width": 1280, "height": 1400}, **of)
        page = context.new_page()
        page.set_default_timeout(240_000)
        if blocked:
            page.route(blocked, lambda route: route.abort())
        made.append(Panel(page, lab))
        return made[-1]

    yield open_page
    for panel in made:
        panel.close()
        panel.page.context.close()
