"""Every notebook runs from top to bottom, and is kept without outputs."""

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
}


def test_there_are_notebooks():
    assert {"00_start_here", *REPORTS} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    errors = [out.text for out in outputs if out.get("name") == "stderr"]
    assert not any("Traceback" in text for text in errors)
    if path.stem in REPORTS:
        assert (tmp_path / "reports" / REPORTS[path.stem]).stat().st_size > 20_000
