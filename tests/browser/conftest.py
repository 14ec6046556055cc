"""A real JupyterLab on a copy of the notebooks, and a real browser at 1280 pixels."""

import os
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
PATIENCE = 120.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def chromium():
    found = os.environ.get("PERFLAB_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("no Chromium found; install it or name it in PERFLAB_CHROMIUM")
    return found


def _fresh(folder):
    """Return an environment in which JupyterLab opens no tab of an earlier time."""
    own = {
        "JUPYTER_CONFIG_DIR": folder / "jupyter",
        "JUPYTERLAB_SETTINGS_DIR": folder / "jupyter" / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "jupyter" / "workspaces",
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


@pytest.fixture(scope="module")
def browser(chromium):
    """Yield a browser; it ends with its module, as its event loop would get in others' way."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser, tmp_path):
    """Yield a page; what it shows at the end is kept as a picture beside the test's files."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    page.screenshot(path=tmp_path / "last.png")
    context.close()
