"""`chain_picture`: a service as a chain of boxes, with the load on each arrow."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.charts.service.nodes import Fact, Node, nodes_of
from perflab.charts.service.sheet import BAD, Drawn, Sheet, reach_of
from perflab.charts.style import INK, LABEL_SIZE, QUIET, TICK_SIZE
from perflab.service import ServicePrediction
from perflab.units import in_words

_EDGE = 8.0
"""CSS pixels, as all lengths here."""
_LINE = 16.0
_ARROW, _THICKEST = 54.0, 9.0
_NARROWEST = 140.0
"""Of a box with its arrow, where boxes stand beside each other."""
_BOX = 46.0
_DOWN = 26.0
_SIZES = (TICK_SIZE, 7.5, 7.0, 6.5)
"""Typographic points."""
_BETWEEN = 5.0


def chain_picture(prediction: ServicePrediction, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return a service as a chain: clients, its stages, and what is behind them.

    An arrow is as thick as the load that it carries, against the largest one. Where there is no
    room for the boxes beside each other they stand below each other.

    Args:
        prediction: Of the service.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    nodes = nodes_of(prediction)
    cell = (width - 2 * _EDGE + _ARROW) / len(nodes)
    lefts = _lefts(nodes, width, cell)
    if cell >= _NARROWEST and lefts:
        sheet = _beside(nodes, lefts, width, cell, scale)
    else:
        sheet = _below(nodes, width, scale)
    return Drawn(sheet.figure, chain_words(nodes))


def chain_words(nodes: Sequence[Node]) -> str:
    """Return what a chain shows, a sentence per box."""
    said = []
    for node in nodes:
        facts = ", ".join(f"{fact.label} {fact.value}" for fact in node.facts)
        load = "" if node.load is None else f"{in_words(node.load, '1/s')} come"
        name = " ".join(filter(None, (node.title, node.aside)))
        told = "; ".join(filter(None, (load, facts)))
        said.append(f"{name}: {told}.")
    return " ".join(said)


def _lefts(nodes: Sequence[Node], width: int, cell: float) -> list[float]:
    """Return where the facts of each box begin; nothing where they have no room."""
    lefts: list[float] = []
    free = 0.0
    for number, node in enumerate(nodes):
        reach = max(map(_reach, node.facts), default=0.0)
        left = min(_EDGE + number * cell, width - _EDGE - reach)
        if left < free:
            return []
        lefts.append(left)
        free = left + reach + _EDGE
    return lefts


def _beside(
    nodes: Sequence[Node], lefts: Sequence[float], width: int, cell: float, scale: float
) -> Sheet:
    lines = max(len(node.facts) for node in nodes)
    sheet = Sheet(width, round(_BOX + lines * _LINE + 3 * _EDGE), scale)
    wide = cell - _ARROW
    thickest = _largest(nodes)
    for number, node in enumerate(nodes):
        x = _EDGE + number * cell
        sheet.box(x, _EDGE, wide, _BOX, node.colour)
        middle = _EDGE + _BOX / 2
        above = 8 if node.aside else 0
        centre, room = x + wide / 2, wide - 6
        size = _fitting(node.title, LABEL_SIZE, room, bold=True)
        sheet.text(centre, middle - above, node.title, size=size, bold=True, at="center")
        if node.aside:
            size = _fitting(node.aside, TICK_SIZE, room)
            sheet.text(centre, middle + 9, node.aside, colour=QUIET, size=size, at="center")
        for place, fact in enumerate(node.facts):
            _fact(sheet, fact, lefts[number], _EDGE * 1.5 + _BOX + (place + 0.5) * _LINE)
        if node.load is not None:
            start = x - _ARROW + 4
            sheet.arrow(start, middle, _ARROW - 7, _thick(node.load, thickest))
            load = in_words(node.load, "1/s")
            sheet.text(start + (_ARROW - 7) / 2, middle - 15, load, at="center")
    return sheet


def _below(nodes: Sequence[Node], width: int, scale: float) -> Sheet:
    half = (width - 4 * _EDGE) / 2
    rows = [_in_rows(node.facts, half) for node in nodes]
    heights = [_LINE * (1 + len(each)) + 2 * _EDGE for each in rows]
    whole = sum(heights) + (len(nodes) - 1) * _DOWN + 2 * _EDGE
    sheet = Sheet(width, round(whole), scale)
    wide, y = width - 2 * _EDGE, _EDGE
    thickest = _largest(nodes)
    for node, facts, height in zip(nodes, rows, heights, strict=True):
        if node.load is not None:
            sheet.arrow(width / 4, y + 3, _DOWN - 5, _thick(node.load, thickest), down=True)
            sheet.text(width / 4 + 18, y + _DOWN / 2, in_words(node.load, "1/s"))
            y += _DOWN
        sheet.box(_EDGE, y, wide, height, node.colour)
        row = y + _EDGE + _LINE / 2
        sheet.text(2 * _EDGE, row, node.title, size=LABEL_SIZE, bold=True)
        sheet.text(width - 2 * _EDGE, row, node.aside, colour=QUIET, at="right")
        for number, beside in enumerate(facts):
            for place, fact in enumerate(beside):
                _fact(sheet, fact, 2 * _EDGE + place * half, row + (1 + number) * _LINE)
        y += height
    return sheet


def _in_rows(facts: Sequence[Fact], half: float) -> list[list[Fact]]:
    """Return facts in rows of two, where each has room in half of a row."""
    rows: list[list[Fact]] = []
    free = False
    for fact in facts:
        fits = _reach(fact) <= half - _EDGE
        if free and fits:
            rows[-1].append(fact)
        else:
            rows.append([fact])
        free = fits and len(rows[-1]) == 1
    return rows


def _largest(nodes: Sequence[Node]) -> float:
    return max((node.load or 0.0 for node in nodes), default=0.0)


def _thick(load: float, largest: float) -> float:
    return 1.0 + (_THICKEST - 1.0) * load / largest if largest > 0 else 1.0


def _fact(sheet: Sheet, fact: Fact, x: float, y: float) -> None:
    sheet.text(x, y, fact.label, colour=QUIET)
    begins = x + reach_of(fact.label) + _BETWEEN
    sheet.text(begins, y, fact.value, colour=BAD if fact.bad else INK, bold=fact.bad)


def _reach(fact: Fact) -> float:
    """Return how wide a fact is."""
    return reach_of(fact.label) + _BETWEEN + reach_of(fact.value, bold=fact.bad)


def _fitting(text: str, size: float, room: float, *, bold: bool = False) -> float:
    """Return the size at which a text has room, or the smallest that can be read."""
    sizes = (size, *(smaller for smaller in _SIZES if smaller < size))
    return next((each for each in sizes if reach_of(text, each, bold=bold) <= room), sizes[-1])
