"""Make the README's pictures again: real panels in JupyterLab, by `perflab lab`, in Chromium.

`make pictures` writes them into notebooks/pictures; `ARGS='--out FOLDER --theme dark'` elsewhere.
Each is of a panel that has run; it takes about two minutes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
WIDTH, HEIGHT = 1280, 900
PATIENCE = 240.0
BETWEEN_PRESSES = 0.8
RUN_SECONDS = 12


@contextmanager
def jupyterlab(folder: Path, theme: str) -> Iterator[str]:
    """Serve a folder by `perflab lab`, with no settings of this user's, and yield the address."""
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    own |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "PERFLAB_CACHE_DIR": "cache"}
    env = os.environ | {name: str(folder / "own" / place) for name, place in own.items()}
    settings = folder / "own" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    chosen = {"theme": f"JupyterLab {theme.capitalize()}"}
    (settings / "themes.jupyterlab-settings").write_text(json.dumps(chosen))
    command = [sys.executable, "-m", "perflab", "lab", str(folder / "notebooks"), "--no-browser"]
    server = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        found = (re.search(r"http://127\S+token=\S+", line) for line in server.stderr)
        address = next((match[0] for match in found if match), None)
        assert address is not None, "JupyterLab did not start"
        # A pipe that nobody reads would stop the server once it is full.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield address
    finally:
        server.terminate()
        server.wait(30)


class Panel:
    """A notebook's panel on a page."""

    def __init__(self, page: Page, address: str, notebook: str) -> None:
        self.page = page
        page.goto(re.sub(r"/lab/tree/[^?]*", f"/lab/tree/{notebook}", address) + "&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.get_by_text("| Idle").first.wait_for()
        page.keyboard.press("Control+b")  # without the side bar
        page.locator(".jp-CodeCell .jp-InputArea-editor:visible").first.click()
        page.keyboard.press("Control+Enter")
        self.until("a panel", lambda: page.locator(".perflab img:visible").count())
        self.says("what-if exact")

    def until(self, what: str, condition: object) -> None:
        """Wait until a condition is true."""
        end = time.monotonic() + PATIENCE
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < end, f"{what} did not come"
            time.sleep(0.1)

    def says(self, words: str | re.Pattern[str]) -> None:
        """Wait until words stand on the panel."""
        self.page.locator(".perflab").get_by_text(words).first.wait_for()

    def button(self, word: str) -> Locator:
        """Return a button by its word."""
        word = re.escape(word)
        return self.page.locator(".perflab button", has_text=re.compile(f"^\\s*{word}\\s*$")).first

    def press(self, word: str) -> None:
        """Press a button, not so soon after the last press that it is a double click."""
        time.sleep(BETWEEN_PRESSES)
        self.button(word).click()

    def run(self, seconds: float) -> None:
        """Start a run, and wait until it has measured for so long."""
        self.press("Run")
        self.says(re.compile(r"running, \d+ s"))
        self.go_on(seconds)

    def go_on(self, seconds: float) -> None:
        """Wait for so many more seconds of the run."""
        time.sleep(seconds)
        assert not self.page.get_by_text("run failed").count()

    def picture(self) -> bytes:
        """Return the panel from its top, as far as the window shows it."""
        self.page.locator(".perflab").first.evaluate("panel => panel.scrollIntoView()")
        self.page.mouse.move(2, 2)
        time.sleep(1)
        box = self.page.locator(".perflab").first.bounding_box()
        assert box is not None
        height = min(box["height"], HEIGHT - box["y"] - 32)  # less JupyterLab's own status bar
        return self.page.screenshot(clip={**box, "height": height})


def write(picture: bytes, path: Path) -> None:
    """Write a picture with as many colours as it needs to look the same, and no more bytes."""
    with Image.open(io.BytesIO(picture)) as found:
        found.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size:,} bytes")


def cache_and_report(page: Page, address: str, folder: Path) -> tuple[bytes, bytes]:
    """Return the caching panel while it runs, and the report that it writes."""
    panel = Panel(page, address, "01_cache.ipynb")
    panel.press("Pin baseline")
    handle = page.locator(".perflab .noUi-handle:visible").first
    for _ in range(6):
        handle.press("ArrowRight")
    panel.run(RUN_SECONDS)
    shown = panel.picture()
    panel.press("Stop")
    panel.button("Run").wait_for()
    panel.press("Recommend")
    panel.says(re.compile("(Recommended|Closest): "))
    panel.press("Export report")
    panel.says(re.compile("Report written:"))
    (report,) = (folder / "notebooks").glob("perflab-report-*/report.html")
    page.goto(report.as_uri())
    time.sleep(1)
    return shown, page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})


def redis(page: Page, address: str, _folder: Path) -> bytes:
    """Return the Redis panel after its server was killed and started again."""
    panel = Panel(page, address, "02_redis_cache.ipynb")
    panel.run(6)
    panel.press("Kill Redis")
    panel.go_on(4)
    panel.press("Start Redis")
    panel.go_on(8)
    return panel.picture()


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "notebooks" / "pictures")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    wanted = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("PERFLAB_CHROMIUM") or next(filter(None, map(shutil.which, names)))
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="perflab-pictures-") as scratch:
        folder = Path(scratch)
        ignored = shutil.ignore_patterns("pictures", "reports", ".*")
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=ignored)
        with jupyterlab(folder, wanted.theme) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            size = {"width": WIDTH, "height": HEIGHT}
            page = browser.new_page(viewport=size, color_scheme=wanted.theme)
            page.set_default_timeout(PATIENCE * 1000)
            panel, report = cache_and_report(page, address, folder)
            write(panel, wanted.out / "panel.png")
            write(report, wanted.out / "report.png")
            write(redis(page, address, folder), wanted.out / "redis.png")
            browser.close()


if __name__ == "__main__":
    main()
