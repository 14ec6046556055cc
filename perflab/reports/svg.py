"""From a matplotlib figure to SVG: as a file of its own, and as part of a page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from perflab.charts import style
from perflab.charts.marks import MOVES
from perflab.charts.service.sheet import BAD, tint

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_HREF = f"{{{_XLINK}}}href"
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_FONTS = ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]
_ID = re.compile(r"(^|url\()#([\w.-]+)")

VARIABLES = {
    style.INK: "ink",
    style.QUIET: "quiet",
    style.GRID: "grid",
    style.PAPER: "paper",
    "#B5B5B5": "edge",
    "#9A9A9A": "edge",
    style.MAP_INK: "map-ink",
    style.MAP_PAPER: "map-paper",
    **{colour: f"series-{place}" for place, colour in enumerate(style.COLOURS)},
    BAD: "worse",
    **{
        to_hex(tint(colour)): f"tint-{place}"
        for place, colour in enumerate((*style.COLOURS, style.QUIET, BAD))
    },
}
"""Colours that a page may redefine for a dark screen, by the name of its variable."""
_COLOUR = re.compile("|".join(VARIABLES), re.IGNORECASE)
_BY_COLOUR = {colour.lower(): name for colour, name in VARIABLES.items()}


def svg_of(figure: Figure, name: str) -> str:
    """Return a figure as SVG, the same text for the same drawing; its texts stay texts."""
    settings: dict[RcKeyType, object] = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.sans-serif": _FONTS,
    }
    file = io.StringIO()
    with rc_context(settings):
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    root = ET.fromstring(file.getvalue())  # noqa: S314 - our own text
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    _name_ids(root, name)
    return _written(root)


def for_page(svg: str, alt: str) -> str:
    """Return SVG to stand in an HTML page: words for who cannot see it, colours as variables."""
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    root.set("role", "img")
    root.set("aria-label", alt)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    for element in root.iter():
        if "style" in element.attrib:
            element.set("style", _COLOUR.sub(_variable, element.attrib["style"]))
        reference = element.attrib.pop(_HREF, None)
        if reference is not None:
            element.set("href", reference)
    return _written(root).replace(f' xmlns="{_SVG}"', "", 1).replace(f' xmlns:xlink="{_XLINK}"', "")


def css_width(svg: str) -> int:
    """Return how many CSS pixels a drawing is wide where it is not scaled."""
    points = float(ET.fromstring(svg).attrib["width"].removesuffix("pt"))  # noqa: S314 - our own
    return round(points * 96 / 72)


def with_prefix(svg: str, prefix: str) -> str:
    """Return SVG whose ids begin with a prefix, to stand beside others of the same names."""
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    _name_ids(root, prefix.removesuffix("-"))
    return _written(root)


def _variable(match: re.Match[str]) -> str:
    return f"var(--{_BY_COLOUR[match.group().lower()]}, {match.group()})"


def _name_ids(root: ET.Element, name: str) -> None:
    """Make ids unique among the figures of a page, and leave out those that several parts have."""
    for element in root.iter():
        if element.get("id") == MOVES:  # what a panel leaves out of its pictures
            del element.attrib["id"]
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == _HREF or "url(#" in value:
                element.set(key, _ID.sub(rf"\g<1>#{name}-\2", value))


def _written(root: ET.Element) -> str:
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    return ET.tostring(root, encoding="unicode")
