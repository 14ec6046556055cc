"""A kernel that is restarted takes nothing along: the same cell opens its session again."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

CELL = """
import os
os.environ.pop("PERFLAB_AUTOSAVE", None)
import perflab
panel = perflab.workbench("cache", "zipf:skew=0.8,keys=700,requests=20k,seed=6")
panel
"""
STILL = ".jp-OutputArea-output img:not(.jupyter-widgets)"


@pytest.fixture
def opened(panel, lab):
    _, folder = lab
    cell = {"cell_type": "code", "id": "one", "metadata": {}, "outputs": [], "source": CELL}
    cell["execution_count"] = None
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": [cell], "metadata": spec, "nbformat": 4, "nbformat_minor": 5}
    (folder / "session.ipynb").write_text(json.dumps(book))
    panel.open("session.ipynb", first_only=True)
    panel.says("20,000 requests")
    return panel


def test_a_restarted_kernel_loses_nothing(opened, page, lab):
    _, folder = lab
    opened.says("what-if exact")
    word = page.locator(".perflab-answers input")
    opened.until(lambda: word.input_value().startswith("thread "), "a word of a thread")
    assert page.locator(STILL).count() == 1
    assert not page.locator(STILL).is_visible()
    field = page.locator(".perflab-controls input[type=text]:visible").first
    field.fill("321")
    field.press("Enter")
    kept = folder / "perflab-session-cache.json"
    opened.until(
        lambda: kept.is_file() and '"max_cache_size": 321' in kept.read_text(), "a kept session"
    )
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    book = folder / "session.ipynb"
    opened.until(lambda: '"image/png"' in book.read_text(), "a saved notebook with its picture")
    (output,) = [
        each
        for each in json.loads(book.read_text())["cells"][0]["outputs"]
        if "image/png" in each.get("data", {})
    ]
    said = "".join(output["data"]["text/plain"])
    assert said.startswith("perflab: the panel of caching on zipf:")
    assert "hit rate" in said
    # As somebody has it who opens the notebook without a kernel.
    opened.close()
    opened.open("session.ipynb", first_only=True)
    opened.says("Reopened the session of")
    field = page.locator(".perflab-controls input[type=text]:visible").first
    opened.until(lambda: field.input_value() == "321", "the size of before")
    page.get_by_text("Start afresh").click()
    opened.until(lambda: field.input_value() != "321", "the size that the cell begins with")
