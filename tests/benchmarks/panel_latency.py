"""Time from a key press on a slider to the painted main charts, in a real JupyterLab and Chromium.

Run: python tests/benchmarks/panel_latency.py [--requests 10M] [--moves 60] [--ratio 1]

What a key of max_cache_size moves is the dot alone, which the layer over the picture draws from
the kernel's answer; a policy and a TTL need another picture. Goals on ten million requests: size
and policy, median 45 ms and p95 75 ms; TTL, 60 and 120 ms; at a pixel ratio of 2 at most 1.6 times.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, sync_playwright

TOKEN = "for-the-benchmark"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
() => {
  window.painted = {dot: [], picture: []};
  const image = document.querySelector('img.perflab-what-if');
  const painted = what => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.painted[what].push(performance.now());
    channel.port2.postMessage(null);
  });
  image.addEventListener('load', () => painted('picture'));
  const svg = image.parentElement.querySelector('.perflab-pointer svg');
  const dots = () => [...svg.querySelectorAll('.perflab-dot-now')].map(
    dot => `${dot.getAttribute('cx')} ${dot.getAttribute('cy')}`).join();
  let before = dots();
  new MutationObserver(() => {
    if (dots() !== before) painted('dot');
    before = dots();
  }).observe(svg, {attributes: true, childList: true, subtree: true});
  document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
  document.addEventListener('click', () => { window.pressed = performance.now(); }, true);
}
"""
"""The message comes after the frame was painted."""
FORGET = "() => { window.painted = {dot: [], picture: []}; window.pressed = Infinity; }"
FIRST = "window.painted.{what}.find(time => time > window.pressed)"
What = Literal["dot", "picture"]


def measure(page: Page, press: Any, moves: int, what: What) -> list[float]:
    """Return the milliseconds from each press to the first moved dot, or picture, after it."""
    taken, first = [], FIRST.format(what=what)
    for number in range(moves):
        page.evaluate(FORGET)
        press(number)
        page.wait_for_function(f"() => {first} !== undefined", timeout=20_000)
        taken.append(page.evaluate(f"() => {first} - window.pressed"))
        page.wait_for_timeout(400)
    return taken


def show(name: str, taken: list[float]) -> None:
    p95 = statistics.quantiles(taken, n=20)[18]
    print(f"{name:16} median {statistics.median(taken):6.1f} ms  p95 {p95:6.1f} ms")


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={TOKEN}"),
        f"--ServerApp.root_dir={folder}",
    ]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    for _ in range(400):
        try:
            address = f"http://127.0.0.1:{port}"
            urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return server, address
    raise SystemExit("JupyterLab did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", default="10M")
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--ratio", type=float, default=1.0)
    arguments = parser.parse_args()
    chromium = os.environ.get("PERFLAB_CHROMIUM") or shutil.which("chromium")
    workload = f"zipf:skew=1.0,keys=1M,requests={arguments.requests},seed=1"
    values = '{"max_cache_size": 20_000, "request_rate": 10_000}'
    code = f'import perflab\npanel = perflab.workbench("cache", "{workload}", {values})\npanel'
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebook = new_notebook(cells=[new_code_cell(code), new_code_cell("panel.wait(120)")])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, Path(folder) / "panel.ipynb")
        server, address = serve(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(
                viewport={"width": 1280, "height": 1400}, device_scale_factor=arguments.ratio
            )
            page.goto(f"{address}/lab/tree/panel.ipynb?token={TOKEN}")
            page.wait_for_selector(".jp-CodeCell", timeout=60_000)
            page.wait_for_timeout(3000)
            page.locator(".jp-CodeCell").first.click()
            page.keyboard.press("Shift+Enter")
            page.wait_for_selector("img.perflab-what-if", timeout=120_000)
            page.keyboard.press("Shift+Enter")
            page.get_by_text("what-if exact").first.wait_for(timeout=120_000)
            page.locator("circle.perflab-dot-now").first.wait_for(timeout=120_000)
            page.evaluate(WATCH)
            handle = ".noUi-handle[aria-label^='{}']"
            page.locator(handle.format("max cache size")).focus()
            keys, moves = ("ArrowRight", "ArrowLeft"), arguments.moves
            show(
                "max_cache_size",
                measure(page, lambda n: page.keyboard.press(keys[n // 20 % 2]), moves, "dot"),
            )
            names, controls = ("FIFO", "SIEVE", "OPT", "LRU"), page.locator(".perflab-control")
            words = [controls.get_by_role("button", name=name, exact=True) for name in names]
            show("policy", measure(page, lambda n: words[n % 4].click(), moves // 3, "picture"))
            page.locator(handle.format("TTL")).focus()
            show(
                "ttl_seconds",
                measure(page, lambda _: page.keyboard.press("ArrowLeft"), moves // 6, "picture"),
            )
            print(f"Chromium {browser.version}, {workload}, pixel ratio {arguments.ratio:g}")
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
