"""Notebooks take parameters from papermill, and their panels stay readable without a kernel."""

import ast
from pathlib import Path

import nbformat
import papermill
import pytest
from nbconvert import HTMLExporter

from perflab.cli import main

FOLDER = Path(__file__).parents[2] / "notebooks"
TAGGED = sorted(FOLDER.glob("0[1-7]_*.ipynb"))
SMALL = "zipf:skew=0.9,keys=300,requests=5k,seed=3"


@pytest.mark.parametrize("path", TAGGED, ids=lambda path: path.stem)
def test_a_shipped_notebook_has_one_cell_of_parameters_before_all_others(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert [cell.metadata.get("tags", []) for cell in cells] == [
        ["parameters"],
        *[[]] * (len(cells) - 1),
    ]
    named = [node.targets[0].id for node in ast.parse(cells[0].source).body]
    assert named == ["workload", "run_seconds"]
    rest = "".join(cell.source for cell in cells[1:])
    assert "workload" in rest
    assert "seconds=run_seconds" in rest


def outputs(path):
    return [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", ())]


def test_another_workload_goes_through_a_shipped_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_AUTOSAVE", "off")
    book = nbformat.read(FOLDER / "01_cache.ipynb", 4)
    prices = next(n for n, cell in enumerate(book.cells) if "prices = " in cell.source)
    book.cells = book.cells[: prices + 1]  # what follows is run with its own workload elsewhere
    nbformat.write(book, tmp_path / "begun.ipynb")
    made = tmp_path / "made.ipynb"
    papermill.execute_notebook(
        *(str(tmp_path / "begun.ipynb"), str(made), {"workload": SMALL}),
        kernel_name="python3",
        progress_bar=False,
    )
    injected = [
        cell
        for cell in nbformat.read(made, 4).cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert len(injected) == 1
    said = [out.data["text/plain"] for out in outputs(made) if "image/png" in out.get("data", {})]
    assert SMALL in said[0]
    assert "is the smallest setting" in "".join(out.get("text", "") for out in outputs(made))


def test_a_panel_run_without_a_browser_leaves_a_picture_and_its_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFLAB_AUTOSAVE", "off")
    assert main(["new", "cache", "--workload", SMALL, "--out", "mine.ipynb"]) == 0
    other = "zipf:skew=0.9,keys=200,requests=4k,seed=4"
    papermill.execute_notebook(
        *("mine.ipynb", "made.ipynb"),
        parameters={"workload": other},
        kernel_name="python3",
        progress_bar=False,
    )
    stills = [out.data for out in outputs("made.ipynb") if "image/png" in out.get("data", {})]
    assert len(stills) == 1
    assert other in stills[0]["text/plain"]
    page, _ = HTMLExporter().from_filename("made.ipynb")
    assert stills[0]["image/png"].replace("\n", "") in page.replace("\n", "")
    assert "VBox(children=" not in page
