"""`perflab new`: the notebook is whole, runs, and takes parameters from outside."""

import nbformat
import pytest
from nbclient import NotebookClient

from perflab.bench import load_bench


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_notebook_for_a_file_runs_as_it_is(perflab, folder, monkeypatch):
    (folder / "my's log.csv").write_text("url;n\n" + "a;1\nb;2\na;3\n" * 100)
    made = perflab(
        *("new", "cache", "-w", "my's log.csv", "--separator", ";", "--columns", "key=url"),
        *("-s", "max_cache_size=1"),
    )
    assert made.status == 0
    notebook = nbformat.read(folder / "cache.ipynb", as_version=4)
    nbformat.validate(notebook)
    (parameters,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert "max_cache_size" in parameters.source
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert (folder / "cache-report.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("pattern", "text", "options"),
    [
        ("connection_pool", "ts\n" + "".join(f"{n / 50}\n" for n in range(500)), "start=ts"),
        ("lazy_loading", "n\n" + "1\n2\n3\n" * 100, "key=n"),
    ],
)
def test_a_file_is_read_as_what_the_pattern_takes(perflab, folder, pattern, text, options):
    (folder / "log.csv").write_text(text)
    assert perflab("new", pattern, "-w", "log.csv", "--columns", options).status == 0
    notebook = nbformat.read(folder / f"{pattern}.ipynb", as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    names = {}
    for source in code[:2]:
        exec(source, names)
    kind = load_bench(pattern).workload_kind
    assert isinstance(names["loaded"], kind.holds)


def test_a_second_one_gets_a_name_of_its_own(perflab, refused, folder):
    assert perflab("new", "streaming").status == 0
    first = (folder / "streaming.ipynb").read_bytes()
    assert perflab("new", "streaming").status == 0
    assert len(list(folder.glob("streaming*.ipynb"))) == 2
    assert (folder / "streaming.ipynb").read_bytes() == first
    assert "--force replaces it" in refused("new", "streaming", "-o", "streaming.ipynb")


@pytest.mark.parametrize(
    "options",
    [
        ("cache", "-w", "nowhere.csv"),
        ("no_such_pattern",),
        ("cache", "-s", "max_cache_sise=1"),
        ("cache", "-o", "."),
    ],
)
def test_nothing_is_written_for_what_is_wrong(refused, folder, options):
    refused("new", *options)
    assert list(folder.iterdir()) == []
