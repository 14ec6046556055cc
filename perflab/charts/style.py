"""One look for all charts: colours, line styles, fonts, grid, and a row of axes on a figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from perflab.instrumentation.catalog import METRICS
from perflab.settings import SettingInfo

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D00")
"""Okabe and Ito (2008), told apart by the colour-blind; their yellow is darkened for paper."""
INK = "#222222"
QUIET = "#6B6B6B"
GRID = "#E6E6E6"
PAPER = "#FFFFFF"
MAP_COLOURS = ("#F1F6FA", "#9CCBE8", "#4FA0D3", "#0A74B0", "#00406B")
"""Of a map, from low to high: one hue that only grows darker, so that it reads without colours."""
MAP_SHADES = 48
MAP_INK = "#1A2833"
MAP_PAPER = "#FDFDFE"
"""On a map, whose colours are the same on paper and on a dark screen."""

STYLES: tuple[LineStyleType, ...] = (
    "-",
    (0, (5, 2)),
    (0, (7, 2, 1.5, 2)),
    (0, (3, 1.5)),
    (0, (1.5, 1.2)),
)
CEILING: LineStyleType = (0, (1, 1.5))
BESIDE: LineStyleType = (0, (4, 2))
END_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

TITLE_SIZE = 9.5
LABEL_SIZE = 8.5
TICK_SIZE = 8.0


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How a line is drawn: its colour, and a style of its own for who sees no colours."""

    colour: str
    style: LineStyleType
    marker: str


def look(index: int, *, ceiling: bool = False) -> Look:
    """Return the look of the line at a place in its chart; a ceiling is black and dotted."""
    if ceiling:
        return Look(INK, CEILING, ".")
    return Look(
        COLOURS[index % len(COLOURS)],
        STYLES[index % len(STYLES)],
        END_MARKERS[index % len(END_MARKERS)],
    )


def look_beside() -> Look:
    """Return the look of another metric beside the lines of a setting: black and dashed."""
    return Look(INK, BESIDE, "x")


def line_name(label: str, compared: SettingInfo | None, ceiling: object = None) -> str:
    """Return the name of a line in a legend; the ceiling says that it is not a choice.

    Args:
        label: What its chart calls it.
        compared: The setting of which each line has another value; none for one line.
        ceiling: The value of it that is no choice.
    """
    if label in METRICS:
        return METRICS[label].label
    name = label if compared is None else compared.title(label)
    return f"{name} (knows the future)" if label == str(ceiling) else name


def literal(text: str) -> str:
    """Return a text that is drawn as it is: between two dollars matplotlib would read a formula."""
    return text.replace("$", r"\$")


def entitle(axes: Axes, title: str) -> None:
    """Give axes a title on the left.

    One that would stick out of its figure begins further to the left, above the axis' numbers; a
    longer one is written smaller.
    """
    _write_title(axes, literal(title), 6.0)


def _write_title(axes: Axes, title: str, pad: float) -> None:
    text = axes.set_title(
        title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", color=INK, pad=pad, x=0.0
    )
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101  (axes are made by their figure)
    pixel = figure.dpi / 100
    edge = min(figure.bbox.x1 - _EDGE, axes.bbox.x1 + _TITLE_RIGHT * pixel)
    room = _TITLE_LEFT * pixel
    for size in (TITLE_SIZE, 9.0, TICK_SIZE):
        text.set_fontsize(size)
        over = float(_extent(text, axes).x1 - edge)
        if over <= 0:
            return
        text.set_x(-min(over, room) / axes.bbox.width)
        if over <= room:
            return


def _extent(text: Text, axes: Axes) -> Bbox:
    """Return where a text is, on a figure that may have got another resolution.

    By itself it goes on to measure with what drew it last.
    """
    canvas: Any = axes.get_figure(root=True).canvas  # type: ignore[union-attr]
    renderer = getattr(canvas, "get_renderer", None)
    return text.get_window_extent(renderer() if renderer else None)


def fit_upright(axes: Axes, bare: str) -> None:
    """Let the label of a vertical axis run into no title, no legend beside it and out of no figure.

    It is written smaller or without its unit if it is too tall, and stands lower than the middle
    of its axes if it would be higher than they are.

    Args:
        axes: Whose label it is.
        bare: The label without its unit.
    """
    label, box = axes.yaxis.label, axes.bbox
    top = box.y1 + _OVER * axes.get_figure(root=True).dpi / 100  # type: ignore[union-attr]
    for size, text in ((LABEL_SIZE, None), (TICK_SIZE, None), (TICK_SIZE, bare)):
        label.set_fontsize(size)
        if text is not None:
            label.set_text(text)
        height = float(_extent(label, axes).height)
        # Higher than its axes only as far as it must be to stand in its figure.
        highest = max(box.y1 - height / 2, min(height / 2, top - height / 2))
        middle = min((box.y0 + box.y1) / 2, highest)
        if middle >= height / 2:
            break
    # One that is too tall whatever is left out begins at the lower edge of its figure.
    label.set_y((max(middle, height / 2) - box.y0) / box.height)


def dress(axes: Axes, title: str) -> None:
    """Give axes the common look: title on the left, light grid, two spines, small ticks."""
    entitle(axes, title)
    axes.set_facecolor(PAPER)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#B5B5B5")
    axes.tick_params(labelsize=TICK_SIZE, color="#B5B5B5", labelcolor=QUIET, length=3)
    axes.tick_params(which="minor", length=0)
    axes.xaxis.label.set(fontsize=LABEL_SIZE, color=QUIET)
    axes.yaxis.label.set(fontsize=LABEL_SIZE, color=QUIET)


def legend_above(axes: Axes, handles: Sequence[Line2D], columns: int = 5) -> Legend:
    """Put a legend between title and axes, where it covers no data; rows are read from the left.

    One that would stick out of its figure begins further to the left, above the axis' numbers.
    """
    rows = max(1, -(-len(handles) // columns))
    ordered, width = _by_rows(handles, rows)
    tight = width > _ROOMY and css_width(axes) < _WIDE
    legend = _placed_above(axes, ordered, rows, width, tight=tight)
    if _sticks_out(axes, legend) and not tight:
        legend = _placed_above(axes, ordered, rows, width, tight=True)
    if over := _sticks_out(axes, legend):
        beside = _beside(axes) - over / axes.bbox.width
        legend.set_bbox_to_anchor((beside, 1.0), axes.transAxes)
    return legend


def css_width(axes: Axes) -> float:
    """Return how many CSS pixels axes are wide."""
    return float(axes.bbox.width / axes.get_figure(root=True).dpi * 100)  # type: ignore[union-attr]


def css_height(axes: Axes) -> float:
    """Return how many CSS pixels axes are high."""
    return float(axes.bbox.height / axes.get_figure(root=True).dpi * 100)  # type: ignore[union-attr]


def _beside(axes: Axes) -> float:
    """Return where a legend begins, so that its first line stands at the left edge of the axes."""
    return -_BESIDE / css_width(axes)


def _sticks_out(axes: Axes, legend: Legend) -> float:
    """Return by how many pixels of the screen a legend is too near the right edge of its figure.

    Letters are drawn a little beyond what is measured.
    """
    edge = axes.get_figure(root=True).bbox.x1 - _EDGE  # type: ignore[union-attr]
    return max(0.0, float(legend.get_window_extent().x1 - edge))


def _placed_above(
    axes: Axes, ordered: Sequence[Line2D], rows: int, width: int, *, tight: bool
) -> Legend:
    _write_title(axes, axes.get_title(loc="left"), 8 + 14 * rows if ordered else 6)
    return axes.legend(
        handles=ordered,
        loc="lower left",
        bbox_to_anchor=(_beside(axes), 1.0),
        ncols=width,
        **{
            **_LEGEND,
            "handlelength": 1.3 if tight else 1.6,
            "columnspacing": 0.6 if tight else 0.9,
            "handletextpad": 0.35 if tight else _LEGEND["handletextpad"],
        },
        borderaxespad=0.25,
    )


def legend_on_top(figure: Figure, handles: Sequence[Line2D]) -> Legend:
    """Put one legend for all axes of a figure on its top edge, in as many rows as it needs."""
    for rows in range(1, max(1, len(handles)) + 1):
        for old in list(figure.legends):
            old.remove()
        ordered, width = _by_rows(handles, rows)
        legend = figure.legend(
            handles=ordered,
            loc="upper left",
            bbox_to_anchor=(0.005, 1.0),
            ncols=width,
            **_LEGEND,
            borderaxespad=0.25,
        )
        if legend.get_window_extent().x1 <= figure.bbox.x1 - _EDGE:
            break
    return legend


def _by_rows(handles: Sequence[Line2D], rows: int) -> tuple[list[Line2D], int]:
    """Order handles so that a legend, which fills by columns, is read by rows."""
    count = len(handles)
    width = max(1, -(-count // rows))
    return [handles[i] for column in range(width) for i in range(column, count, width)], width


LEFT = 72
"""CSS pixels to the left of each of the axes in a row, for numbers and a label."""
_BESIDE = 3.0
"""CSS pixels."""
_TITLE_LEFT, _TITLE_RIGHT = 44.0, 12.0
"""So many CSS pixels a title may begin before its axes, or end behind them."""
_OVER = 4.0
"""CSS pixels by which a label beside axes may be higher than they are; titles begin above."""
_WIDE = 500.0
_EDGE = 5.0
_ROOMY = 3
"""Entries of a legend beside each other that need not stand close."""
_LEGEND: dict[str, Any] = {
    "frameon": False,
    "handlelength": 1.8,
    "handletextpad": 0.5,
    "columnspacing": 0.9,
    "labelcolor": INK,
    "borderpad": 0.1,
    "prop": FontProperties(size=TICK_SIZE),
}


def chart_row(
    count: int,
    width: int = 800,
    height: int = 240,
    *,
    top: int = 44,
    right: int = 16,
    bottom: int = 41,
    scale: float = 2.0,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a row of axes, its margins fixed in pixels so that nothing moves.

    Args:
        count: How many axes.
        width: In CSS pixels.
        height: In CSS pixels.
        top: CSS pixels above the axes, for title and legend.
        right: CSS pixels beside each of the axes.
        bottom: CSS pixels below them, for ticks and label.
        scale: Device pixels for one CSS pixel.
    """
    figure = Figure(figsize=(width / 100, height / 100), dpi=100 * scale, facecolor=PAPER)
    FigureCanvasAgg(figure)
    row = [figure.add_axes((0.0, 0.0, 1.0, 1.0)) for _ in range(count)]
    place_row(figure, row, width, height, top=top, right=right, bottom=bottom, scale=scale)
    return figure, row


def place_row(
    figure: Figure,
    row: Sequence[Axes],
    width: int,
    height: int,
    *,
    top: int,
    right: int = 16,
    bottom: int,
    scale: float,
) -> None:
    """Give a figure another size or resolution, and its axes beside each other their places.

    What was fitted to the old size (titles, ticks, legends) is for its owners to fit again.
    The arguments are those of `chart_row`; axes that are not in the row stay where they are.
    """
    figure.set_dpi(100 * scale)
    figure.set_size_inches(width / 100, height / 100)
    cell = width / len(row)
    for place, axes in enumerate(row):
        axes.set_position(
            (
                (cell * place + LEFT) / width,
                bottom / height,
                (cell - LEFT - right) / width,
                (height - bottom - top) / height,
            )
        )
        axes.yaxis.set_label_coords(-(LEFT - 16) / (cell - LEFT - right), 0.5)
