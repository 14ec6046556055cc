"""A report as Markdown, complete without its pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perflab.errors import shown
from perflab.files import markdown_mark
from perflab.reports.blocks import Block, Code, Figure, Heading, Points, Table
from perflab.reports.chapter import AnyChapter
from perflab.reports.verdict import Verdict
from perflab.reports.wording import sentence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
_TICKS = re.compile(r"`+")


def to_markdown(title: str, chapters: Sequence[AnyChapter], figures: str | None = None) -> str:
    """Return the text; figures are linked from a folder, or left out where none is named.

    Of several chapters each has a heading, and the sections stand below it.
    """
    parts = [f"# {escape(title)}"]
    several = len(chapters) > 1
    if several:
        parts.append("\n".join(_content(chapter) for chapter in chapters))
    for chapter in chapters:
        if several:
            parts.append(f"## {escape(chapter.title)}")
        parts += _chapter(chapter, figures, "###" if several else "##")
    parts.append(markdown_mark())
    return "\n\n".join(parts) + "\n"


def _content(chapter: AnyChapter) -> str:
    answer = f"{chapter.decision.words}: {sentence(chapter.headline)}"
    return f"- {escape(chapter.title)}: {escape(answer)}"


def _chapter(chapter: AnyChapter, figures: str | None, level: str) -> list[str]:
    verdict, decision = chapter.verdict, chapter.decision
    parts = [f"_{escape(chapter.question)}_"]
    parts += [f"**{escape(text)}**" for text in verdict.alerts]
    counted = f" ({decision.counted_thresholds})" if decision.counted_thresholds else ""
    answer = f"{decision.words}{counted}. {sentence(chapter.headline)}"
    parts.append(f"**{escape(answer)}**")
    if decision.reasons:
        parts.append("\n".join(f"- {escape(text)}" for text in decision.reasons))
    parts += [escape(text) for text in (verdict.effect, verdict.measured) if text]
    parts.append("\n".join(f"- {escape(f'{w}: {v}')}" for w, v in chapter.overview.facts))
    if verdict.notes:
        parts.append("\n".join(f"- {escape(note)}" for note in verdict.notes))
    if verdict.cards:
        parts.append(_cards(verdict))
    parts += [_table(table, f"{level}#") for table in chapter.overview.tables]
    for section in chapter.sections:
        blocks = [_block(block, figures, f"{level}#") for block in section.blocks]
        parts += [f"{level} {escape(section.title)}", *filter(None, blocks)]
    return [part for part in parts if part]


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


def _block(block: Block, figures: str | None, level: str) -> str:
    if isinstance(block, Table):
        return _table(block, level)
    if isinstance(block, Figure):
        return f"![{escape(block.alt)}]({figures}/{block.name}.svg)" if figures else ""
    if isinstance(block, Code):
        fence = _fence(block.text)
        return (
            f"{level} {escape(block.title)}\n\n"
            f"{fence}{block.language}\n{block.text.rstrip()}\n{fence}"
        )
    if isinstance(block, Heading):
        return f"{level} {escape(block.text)}"
    if isinstance(block, Points):
        return "\n".join(f"- {escape(text)}" for text in block.texts)
    return escape(block.text)


def _table(table: Table, level: str) -> str:
    heads = [column.heading for column in table.columns]
    rows = [[cell.text for cell in row] for row in table.rows]
    # A mark in words, since Markdown knows no colours.
    for row, cells in zip(rows, table.rows, strict=True):
        for place, cell in enumerate(cells):
            if cell.tone == "changed":
                row[place] = f"{cell.text} ←"
    grid = _grid(heads, [column.numeric for column in table.columns], rows)
    note = f"\n\n{escape(table.note)}" if table.note else ""
    return f"{level} {escape(table.title)}\n\n{grid}{note}"


def _grid(heads: Sequence[str], numeric: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(heads), "|" + "|".join(" ---: " if n else " --- " for n in numeric) + "|"]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def _fence(text: str) -> str:
    """Return a fence that the text does not hold itself."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)
