"""`chain_picture`: a service as a chain of boxes, with the load on each arrow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from perflab.charts.service.nodes import Fact, Node, nodes_of
from perflab.charts.service.sheet import BAD, Drawn, Sheet, reach_of
from perflab.charts.style import INK, LABEL_SIZE, QUIET, TICK_SIZE
from perflab.instrumentation.catalog import metric
from perflab.service import ServicePrediction
from perflab.units import in_words

_EDGE = 8.0
"""CSS pixels, as all lengths here."""
_LINE = 16.0
_ARROW, _THICKEST = 54.0, 9.0
_NARROWEST = 112.0
"""Of a box with its arrow, where boxes stand beside each other."""
_BOX, _INSIDE = 46.0, 14.0
"""A box is at least so high, and has so much beside its lines of text."""
_TITLE, _ASIDE = 16.0, 14.0
_DOWN, _ROOM = 21.0, 250.0
"""Of an arrow down, and the least room for facts behind the names."""
_BETWEEN = 5.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Label:
    """What is written in a box: some lines of a title, and below them some of the rest."""

    title: tuple[str, ...]
    aside: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return len(self.title) * _TITLE + len(self.aside) * _ASIDE


def chain_picture(prediction: ServicePrediction, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return a service as a chain: clients, its stages, and what is behind them.

    An arrow is as thick as the load that it carries, against the largest one. Where there is no
    room for the boxes beside each other they stand below each other. An estimate from a sample is
    faint, with the band of the hit rate above.

    Args:
        prediction: Of the service.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    nodes = nodes_of(prediction)
    faint = prediction.sampled < 1
    above = _caption(prediction, width - 2 * _EDGE)
    cell = (width - 2 * _EDGE + _ARROW) / len(nodes)
    lefts = _lefts(nodes, width, cell)
    labels = [_label(node, cell - _ARROW - 6) for node in nodes]
    fitting = [label for label in labels if label is not None]
    head = _LINE if above else 0.0
    if cell >= _NARROWEST and lefts and len(fitting) == len(nodes):
        box = max(_BOX, _INSIDE + max(label.height for label in fitting))
        lines = max(len(node.facts) for node in nodes)
        sheet = Sheet(width, round(head + box + lines * _LINE + 3 * _EDGE), scale, faint=faint)
        _beside(sheet, nodes, fitting, lefts, cell, box, head)
    else:
        sheet = _below(nodes, width, head, scale, faint=faint)
    if above:
        sheet.text(_EDGE, _LINE / 2 + 2, above)
    return Drawn(sheet.figure, " ".join(filter(None, (above and f"{above}.", chain_words(nodes)))))


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


def _caption(prediction: ServicePrediction, room: float) -> str:
    """Return the hit rate of all caches, of an estimate with its band; nothing without caches."""
    if not any("hit_rate" in row.metrics for row in prediction.stages):
        return ""
    info = metric("hit_rate")
    found = info.format(prediction.metrics.get("hit_rate"))
    if prediction.sampled < 1:
        found = f"{found} {info.format_band(prediction.error)}, sampled"
    long = f"Hit rate of all caches {found}"
    return long if reach_of(long) <= room else f"Hit rate {found}"


def _label(node: Node, room: float) -> _Label | None:
    """Return what is written in a box of so much room; none where a word has none."""
    aside = _wrapped(node.aside, TICK_SIZE, room)
    for size in (LABEL_SIZE, TICK_SIZE):
        title = _wrapped(node.title, size, room, bold=True)
        if title is not None and aside is not None:
            return _Label(title, aside, size)
    return None


def _wrapped(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...] | None:
    """Return a text in lines that have room; none where a word of it has none."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and reach_of(longer, size, bold=bold) <= room:
            lines[-1] = longer
        elif reach_of(word, size, bold=bold) <= room:
            lines.append(word)
        else:
            return None
    return tuple(lines)


def _beside(
    sheet: Sheet,
    nodes: Sequence[Node],
    labels: Sequence[_Label],
    lefts: Sequence[float],
    cell: float,
    box: float,
    head: float,
) -> None:
    wide, top = cell - _ARROW, head + _EDGE
    middle = top + box / 2
    thickest = _largest(nodes)
    for number, (node, label) in enumerate(zip(nodes, labels, strict=True)):
        x = _EDGE + number * cell
        sheet.box(x, top, wide, box, node.colour)
        y, centre = middle - label.height / 2, x + wide / 2
        for line in label.title:
            sheet.text(centre, y + _TITLE / 2, line, size=label.size, bold=True, at="center")
            y += _TITLE
        for line in label.aside:
            sheet.text(centre, y + _ASIDE / 2, line, colour=QUIET, at="center")
            y += _ASIDE
        for place, fact in enumerate(node.facts):
            _fact(sheet, fact, lefts[number], top + _EDGE / 2 + box + (place + 0.5) * _LINE)
        if node.load is not None:
            start = x - _ARROW + 4
            sheet.arrow(start, middle, _ARROW - 7, _thick(node.load, thickest))
            load = in_words(node.load, "1/s")
            sheet.text(start + (_ARROW - 7) / 2, middle - 15, load, at="center")


def _below(nodes: Sequence[Node], width: int, head: float, scale: float, *, faint: bool) -> Sheet:
    """Return boxes below each other, with the facts behind the names where they have room there."""
    names = max(_named(node) for node in nodes)
    behind = 2 * _EDGE + names + 2 * _EDGE
    inline = width - behind >= _ROOM
    start = behind if inline else 2 * _EDGE
    rows = [_flowing(node.facts, start, width - 2 * _EDGE) for node in nodes]
    above = 0 if inline else 1
    heights = [_LINE * max(len(each) + above, 1) + _EDGE for each in rows]
    whole = sum(heights) + (len(nodes) - 1) * _DOWN + 2 * _EDGE
    sheet = Sheet(width, round(head + whole), scale, faint=faint)
    wide, y = width - 2 * _EDGE, head + _EDGE
    thickest = _largest(nodes)
    for node, lines, height in zip(nodes, rows, heights, strict=True):
        if node.load is not None:
            sheet.arrow(width / 4, y + 2, _DOWN - 4, _thick(node.load, thickest), down=True)
            sheet.text(width / 4 + 18, y + _DOWN / 2, in_words(node.load, "1/s"))
            y += _DOWN
        sheet.box(_EDGE, y, wide, height, node.colour)
        row = y + _EDGE / 2 + _LINE / 2
        sheet.text(2 * _EDGE, row, node.title, size=LABEL_SIZE, bold=True)
        if inline:
            beside = 2 * _EDGE + reach_of(node.title, LABEL_SIZE, bold=True) + _BETWEEN
            sheet.text(beside, row, node.aside, colour=QUIET)
        else:
            sheet.text(width - 2 * _EDGE, row, node.aside, colour=QUIET, at="right")
        for number, line in enumerate(lines):
            for x, fact in line:
                _fact(sheet, fact, x, row + (number + above) * _LINE)
        y += height
    return sheet


def _named(node: Node) -> float:
    """Return how wide a name is with what stands beside it."""
    name = reach_of(node.title, LABEL_SIZE, bold=True)
    return name + _BETWEEN + reach_of(node.aside) if node.aside else name


def _flowing(facts: Sequence[Fact], start: float, end: float) -> list[list[tuple[float, Fact]]]:
    """Return facts in lines, each with the place where it begins."""
    lines: list[list[tuple[float, Fact]]] = []
    x = end
    for fact in facts:
        reach = _reach(fact)
        if x + reach > end:
            lines.append([])
            x = start
        lines[-1].append((x, fact))
        x += reach + 2 * _EDGE
    return lines


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
