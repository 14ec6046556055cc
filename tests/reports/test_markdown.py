"""Markdown: complete without its pictures, and safe whatever a name holds."""

import re

import pytest

from perflab.reports import Report
from perflab.reports.markdown import escape


@pytest.fixture
def made(recommendation, run):
    return Report.of([recommendation, run])


def test_all_sections_and_tables_are_there(made):
    text = made.to_markdown()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [section.title for section in made.chapters[0].sections]
    for table in made.tables:
        assert f"### {escape(table.title)}\n\n| " in text
    assert (
        "**Do not ship (2 of 3 thresholds passed, 1 failed). "
        "Proposed: max cache size 3,800 entries instead of 1,000 entries.**"
    ) in text
    assert "| hit rate | 60.7 % | 98.8 % | +38.1 points |" in text


def test_figures_are_linked_only_where_they_are_written(made):
    assert "![" not in made.to_markdown()
    links = re.findall(r"^!\[.*\]\((.*)\)$", made.to_markdown("figures"), re.MULTILINE)
    assert links == [f"figures/{figure.name}.svg" for figure in made.figures]


def test_every_table_row_has_as_many_cells_as_its_heading(made):
    for block in re.findall(r"(?:^\|.*\n)+", made.to_markdown(), re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1


def test_programs_are_fenced_as_they_are(made):
    text = made.to_markdown()
    assert "```python\n# Chosen with perflab for the workload flights, 1 thread.\n" in text
    assert text.count("```") % 2 == 0


def test_names_cannot_leave_their_place(make_run):
    evil = "a|b\n# c <script> [d](e) `f`"
    workload = {"name": evil, "fingerprint": "1", "summary": {}, "notes": [evil]}
    text = Report.of(make_run(workload=workload)).to_markdown()
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "\n# c" not in prose
    assert "<script>" not in re.sub(r"\\.", "", prose)
    assert "](e)" not in re.sub(r"\\.", "", prose)
