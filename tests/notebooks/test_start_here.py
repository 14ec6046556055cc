"""The guide of the first notebook and the benches say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from perflab.tuning.advice.advise import advising_benches

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
CELLS = json.loads((FOLDER / "00_start_here.ipynb").read_text(encoding="utf-8"))["cells"]
GUIDE = next(text for cell in CELLS if "Which pattern" in (text := "".join(cell["source"])))
ROWS = dict(re.findall(r"^\| ([^|]+) \|.*\[(\d\d_\w+)\]\(\2\.ipynb\) \|$", GUIDE, re.MULTILINE))
OURS = {name: own for name, (_, own) in advising_benches().items() if own.notebook}


@pytest.mark.parametrize("pattern", sorted(OURS))
def test_symptom_and_notebook_are_those_of_the_guide(pattern):
    advising = OURS[pattern]
    assert ROWS[advising.symptom] == advising.notebook
    assert (FOLDER / f"{advising.notebook}.ipynb").is_file()
    assert advising.notebook.endswith(pattern)


def test_guide_has_no_other_pattern():
    assert len(ROWS) == len(OURS) == 7
