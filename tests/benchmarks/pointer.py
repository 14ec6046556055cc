"""From the pointer to the moved dot and read-out in the browser, and what a live panel sends.

Run: python tests/benchmarks/pointer.py [--moves 60] [--seconds 20] [--ratio 1]

Each move of the pointer is a real one, sent by Chromium's own input; from the time that it carries
to the frame after which the dot, its handle and the read-out stand elsewhere. Goals: median 17 ms
and p95 34 ms; at most 0.4 MB/s for a live panel, and below 1 MB/s for two of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from panel_latency import FLAGS, TOKEN, serve
from playwright.sync_api import Page, sync_playwright

PATIENCE = 300_000
HANDLE = ".perflab-pictured:has(img.perflab-what-if) .perflab-handle"
CODE = """import perflab
panel = perflab.workbench("cache", "flights", {"max_cache_size": 300})
panel"""
WATCH = """
() => {
  window.moves = [];
  const picture = document.querySelector('img.perflab-what-if');
  const layer = picture.parentElement.querySelector('.perflab-pointer');
  const dot = () => layer.querySelector('.perflab-dot-now').getAttribute('cx');
  const read = () => document.querySelector('.perflab-readout:not([hidden])')?.textContent;
  let before = [dot(), read()];
  layer.addEventListener('pointermove', event => {
    const began = event.timeStamp;
    const after = [dot(), read()];
    const moved = after[0] !== before[0] && after[1] !== before[1];
    before = after;
    if (moved) requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.moves.push(performance.now() - began);
      channel.port2.postMessage(null);
    });
  });
}
"""
"""The message comes after the frame was painted; the layer's own listener was there before."""


class Sent:
    """The bytes that come to a page over its sockets."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._add)

    def _add(self, event: dict[str, Any]) -> None:
        response = event["response"]
        share = 0.75 if response["opcode"] == 2 else 1.0
        self.count += int(len(response["payloadData"]) * share)

    def per_second(self, page: Page, seconds: float) -> float:
        """Return how many come per second from now on."""
        page.wait_for_timeout(1)
        before = self.count
        page.wait_for_timeout(seconds * 1000)
        return (self.count - before) / seconds


def moved(page: Page, moves: int) -> list[float]:
    """Return the milliseconds from each move of the pointer to the painted dot and read-out."""
    handle = page.locator(HANDLE).first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y)
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    number = 0
    while len(page.evaluate("window.moves")) < moves:
        number += 1
        page.mouse.move(x + (24 if number % 2 else -24), y)
        page.wait_for_timeout(150)
    page.mouse.up()
    taken: list[float] = page.evaluate("window.moves")
    return taken[:moves]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--ratio", type=float, default=1.0)
    arguments = parser.parse_args()
    chromium = os.environ.get("PERFLAB_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        second = CODE.replace("panel", "other")
        notebook = new_notebook(cells=[new_code_cell(CODE), new_code_cell(second)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, Path(folder) / "panel.ipynb")
        server, address = serve(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(
                viewport={"width": 1280, "height": 1400}, device_scale_factor=arguments.ratio
            )
            page.goto(f"{address}/lab/tree/panel.ipynb?token={TOKEN}")
            page.set_default_timeout(PATIENCE)
            page.wait_for_selector(".jp-CodeCell")
            page.get_by_text("| Idle").first.wait_for()
            page.locator(".jp-CodeCell").first.click()
            page.keyboard.press("Shift+Enter")
            page.get_by_text("what-if exact").first.wait_for()
            page.locator(HANDLE).first.wait_for()
            sent = Sent(page)
            taken = moved(page, arguments.moves)
            p95 = statistics.quantiles(taken, n=20)[18]
            median = statistics.median(taken)
            print(f"pointer to moved dot and read-out  median {median:5.1f} ms  p95 {p95:5.1f} ms")
            runs = page.locator("button.jupyter-button", has_text="Run")
            going = (
                "count => (document.body.innerText.match(/running, \\d/g) ?? []).length >= count"
            )
            runs.first.click()
            page.wait_for_function(going, arg=1)
            page.wait_for_timeout(3000)
            live = sent.per_second(page, arguments.seconds) / 1e6
            print(f"a live panel                       {live:5.2f} MB/s")
            page.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click()
            page.keyboard.press("Shift+Enter")
            page.locator(".perflab-status", has_text="what-if exact").nth(1).wait_for()
            page.locator(".perflab").nth(1).locator(
                "button.jupyter-button", has_text="Run"
            ).first.click()
            page.wait_for_function(going, arg=2)
            page.wait_for_timeout(3000)
            both = sent.per_second(page, arguments.seconds) / 1e6
            print(f"two live panels                    {both:5.2f} MB/s")
            print(f"Chromium {browser.version}, pixel ratio {arguments.ratio:g}")
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
