"""A report as Markdown, complete without its pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perflab.bench import AnyBench
from perflab.errors import shown
from perflab.files import markdown_mark
from perflab.reports.blocks import Block, Code, Figure, Heading, Points, Section, Table
from perflab.reports.verdict import Verdict
from perflab.reports.wording import sentence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
_TICKS = re.compile(r"`+")


def to_markdown(
    title: str,
    bench: AnyBench,
    verdict: Verdict,
    sections: Sequence[Section],
    figures: str | None = None,
) -> str:
    """Return the text; figures are linked from a folder, or left out where none is named."""
    parts = [f"# {escape(title)}", f"_{escape(bench.identity.question)}_"]
    parts += [f"**{escape(text)}**" for text in verdict.alerts]
    parts.append(f"**{escape(sentence(verdict.headline))}**")
    parts += [escape(text) for text in (verdict.effect, verdict.measured) if text]
    if verdict.notes:
        parts.append("\n".join(f"- {escape(note)}" for note in verdict.notes))
    if verdict.cards:
        parts.append(_cards(verdict))
    for section in sections:
        blocks = [_block(block, figures) for block in section.blocks]
        parts += [f"## {escape(section.title)}", *filter(None, blocks)]
    parts.append(markdown_mark())
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", shown(" ".join(text.split())))


def _cards(verdict: Verdict) -> str:
    known = any(card.before for card in verdict.cards)
    heads = ["", "Before", "After", "Change"] if known else ["", "Value"]
    rows = [
        [card.label, card.before, card.value, card.change] if known else [card.label, card.value]
        for card in verdict.cards
    ]
    return _grid(heads, [False] + [True] * (len(heads) - 1), rows)


def _block(block: Block, figures: str | None) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return f"![{escape(block.alt)}]({figures}/{block.name}.svg)" if figures else ""
    if isinstance(block, Code):
        fence = _fence(block.text)
        return (
            f"### {escape(block.title)}\n\n{fence}{block.language}\n{block.text.rstrip()}\n{fence}"
        )
    if isinstance(block, Heading):
        return f"### {escape(block.text)}"
    if isinstance(block, Points):
        return "\n".join(f"- {escape(text)}" for text in block.texts)
    return escape(block.text)


def _table(table: Table) -> str:
    heads = [column.heading for column in table.columns]
    rows = [[cell.text for cell in row] for row in table.rows]
    # A mark in words, since Markdown knows no colours.
    for row, cells in zip(rows, table.rows, strict=True):
        for place, cell in enumerate(cells):
            if cell.tone == "changed":
                row[place] = f"{cell.text} ←"
    grid = _grid(heads, [column.numeric for column in table.columns], rows)
    note = f"\n\n{escape(table.note)}" if table.note else ""
    return f"### {escape(table.title)}\n\n{grid}{note}"


def _grid(heads: Sequence[str], numeric: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(heads), "|" + "|".join(" ---: " if n else " --- " for n in numeric) + "|"]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def _fence(text: str) -> str:
    """Return a fence that the text does not hold itself."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)
