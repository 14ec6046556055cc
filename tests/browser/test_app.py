"""`perflab app`, as colleagues have it: a page of Voilà's in Chromium, and nothing behind it."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

pytest.importorskip("voila", reason="Voilà is not installed; pip install 'perflab[app]'")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE = 120
CODE = """
async ([address, place]) => {
  const config = JSON.parse(document.getElementById('jupyter-config-data').textContent);
  const socket = new WebSocket(`${address}/api/kernels/${config.kernelId}/channels`);
  await new Promise((good, bad) => { socket.onopen = good; socket.onerror = bad; });
  const send = (type, content) => socket.send(JSON.stringify({
    channel: 'shell', content, metadata: {}, parent_header: {}, buffers: [],
    header: {msg_id: type, msg_type: type, username: '', session: 'x', date: '', version: '5.3'},
  }));
  send('execute_request', {code: `open(${JSON.stringify(place)}, 'w')`, silent: false});
  socket.send(new Uint8Array(40).fill(255));
  send('kernel_info_request', {});
  await new Promise(good => { socket.onmessage = event => {
    if (typeof event.data !== 'string' || event.data.includes('kernel_info_reply')) good();
  }; });
  socket.close();
}
"""
ICONS = "[...document.fonts].filter(f => /Awesome/.test(f.family) && f.status === 'loaded').length"


@pytest.fixture
def served(tmp_path):
    """Start the command on a file; yield its process, its address and its folder."""
    (tmp_path / "keys.csv").write_text("key\n" + "a\nb\na\nc\n" * 500)
    (tmp_path / "jupyter").mkdir()
    log = tmp_path / "log"
    command = [sys.executable, "-m", "perflab", "app", "cache", "--no-browser"]
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"), "TMPDIR": str(tmp_path / "jupyter")}
    with log.open("w") as told:
        server = subprocess.Popen(
            [*command, "--workload", "keys.csv", "--set", "request_rate=20000"],
            cwd=tmp_path,
            stdout=told,
            stderr=told,
            env={**os.environ, **own},
        )
    try:
        end = time.monotonic() + PATIENCE
        while "Ctrl-C ends it" not in log.read_text():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield server, re.search(r"http://\S+", log.read_text()).group(), tmp_path
    finally:
        server.kill()
        server.wait(PATIENCE)


def status(address):
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.geturl(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def test_a_colleague_tunes_and_downloads_and_reaches_nothing_else(served, tab, tmp_path):
    server, address, folder = served
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    assert status(origin)[0] != f"{origin}/"  # the page that asks for the token
    assert status(f"{origin}/voila/files/perflab-cache.ipynb")[0] == 403
    page = tab.context.browser.new_context(accept_downloads=True).new_page()
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE * 1000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(address)
        page.get_by_text("what-if exact").first.wait_for()
        page.locator("button:enabled", has_text="Run").wait_for()
        page.wait_for_function(f"{ICONS} > 0")
        assert page.locator("button", has_text="File path").count() == 0
        page.evaluate(CODE, [origin.replace("http", "ws"), str(folder / "taken")])
        handle = page.locator(".perflab-controls .noUi-handle:visible").first
        before = handle.get_attribute("aria-valuetext")
        handle.press("ArrowLeft")
        page.wait_for_function(
            "([element, before]) => element.getAttribute('aria-valuetext') !== before",
            arg=[handle.element_handle(), before],
        )
        page.locator("button", has_text="Run").first.click()
        page.locator(".perflab-status", has_text=re.compile(r"running, .*\d requests")).wait_for()
        time.sleep(1)  # a press so soon after another counts as a double click
        page.locator("button", has_text="Export report").click()
        link = page.locator("a.perflab-download", has_text="perflab-report-cache-")
        with page.expect_download() as saved:
            link.click()
        saved.value.save_as(tmp_path / "report.html")
        page.screenshot(path=tmp_path / "app.png")
    finally:
        page.context.close()
    report = (tmp_path / "report.html").read_text()
    assert "<!DOCTYPE html>" in report
    assert "measured" in report
    outside = [url for url in asked if not url.startswith((origin, "blob:", "data:"))]
    assert outside == []
    assert {path.name for path in folder.iterdir()} <= {
        *("keys.csv", "log", "jupyter", "report.html", "app.png")
    }
    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE) == 0
    left = {path.name for path in (folder / "jupyter").iterdir()}
    assert not [name for name in left if name.startswith(("perflab-app-", "voila_"))]
    assert "Traceback" not in (folder / "log").read_text()
