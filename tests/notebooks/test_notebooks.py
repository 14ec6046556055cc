"""Every notebook runs from top to bottom, and is kept without outputs."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
REPORTS = {
    "01_cache": "cache.html",
    "02_redis_cache": "redis_cache.html",
    "03_lazy_loading": "lazy_loading.html",
    "04_connection_pool": "connection_pool.html",
    "05_prefetching": "prefetching.html",
    "06_streaming": "streaming.html",
    "07_async_io": "async_io.html",
    "08_your_own_service": "own_service.html",
    "09_ship_it": "ship_it.html",
}
AGREE = {
    "01_cache": [r"hits +predicted +([\d,]+) +measured +([\d,]+)"],
    "02_redis_cache": [
        r"hit rate +predicted +([\d.]+) % +measured +([\d.]+) %",
        r"redis-py: ([\d.]+)% hits by INFO, ([\d.]+)% predicted",
        r"^(0) callers saw an error; the loader answered (?:[\d,]+)()",
    ],
    "03_lazy_loading": [r"hits +predicted +([\d,]+) +measured +([\d,]+)"],
    "05_prefetching": [r"fetches tried again: [\d,]+; errors that the consumer saw: (0)()"],
    "06_streaming": [r"(5,002) rows in, 5,000 out, 2 rejected()"],
    "07_async_io": [
        r"^Closed loop: .*: ([1-9]) of 200 requests took more than 100 ms()",
        r"^Open loop: .*: ([2-9]\d|1\d\d) of 200 requests took more than 100 ms()",
    ],
    "08_your_own_service": [r"predicted ([\d,]+) hits, lru_cache counted ([\d,]+)"],
    "09_ship_it": [
        r"^As shipped: All (2) conditions hold()",
        r"^With 6 MiB: (1) of 2 conditions is broken()",
        r"^exit status (1)()$",
        r"^wrote chart/values.yaml\s+wrote (r)edis.conf()",
        r"^set: .*'maxmemory': '(\d{8})'.*'allkeys-lru'()",
        r"^given back: .*'maxmemory': '(0)'.*'noeviction'()",
        r"^given back, since memory_bytes<=1KiB did not hold\nand now: .*'maxmemory': '(0)'()",
    ],
    "10_whole_service": [
        r"^2 MiB more for Redis .* ([1-9][\d.]*)% saved()",
        r"^[\d.]+ [KMG]iB for cache, .* per process: mean latency (\d)()",
        r"^Does not survive: ([\d,]+) requests ()",
    ],
}
"""What the words of a notebook rest on: two numbers that are the same, or one as it is said."""

WITHIN = 1.5  # points between shares that a real server's random choices part
AT_ONCE = 2  # most of a notebook is waiting for its live runs


def execute(path, folder):
    """Return a notebook after all its cells ran in a kernel of its own."""
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    resources = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources).execute()
    return notebook


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """Start all notebooks that were picked, some at once; return what each becomes."""
    picked = {
        item.callspec.params["path"]
        for item in request.session.items
        if item.module is request.module and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = {}
        for path in sorted(picked):
            folder = tmp_path_factory.mktemp(path.stem)
            started[path] = (folder, pool.submit(execute, path, folder))
        yield started
        for _, run in started.values():
            run.cancel()


def test_there_are_notebooks():
    assert {"00_start_here", *REPORTS} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, runs):
    folder, run = runs[path]
    notebook = run.result()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    errors = [out.text for out in outputs if out.get("name") == "stderr"]
    assert not any("Traceback" in text for text in errors)
    said = "".join(out.text for out in outputs if out.get("name") == "stdout")
    for pattern in AGREE.get(path.stem, ()):
        found = re.search(pattern, said, re.MULTILINE)
        assert found, f"{pattern} is not in:\n{said}"
        first, second = (number.replace(",", "") for number in found.groups())
        assert not second or abs(float(first) - float(second)) <= (WITHIN if "." in first else 0)
    if path.stem in REPORTS:
        assert (folder / "reports" / REPORTS[path.stem]).stat().st_size > 20_000
