"""A report as one HTML page that opens offline."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perflab.charts import notation
from perflab.reports.blocks import Block, Figure
from perflab.reports.chapter import AnyChapter
from perflab.reports.summary import to_summary
from perflab.reports.svg import css_width, for_page

_SCRIPTS = ("copied.js", "copy.js", "tables.js", "pictures.js", "moves.js")
_STYLES = ("report.css", "phone.css", "paper.css")


def to_html(title: str, chapters: Sequence[AnyChapter]) -> str:
    """Return the page: styles, drawings, tables as CSV and its script inside it."""
    templates = _templates()
    script = notation.script() + "".join(_source(templates, name) for name in _SCRIPTS)
    tables = {table.name: table.to_csv() for chapter in chapters for table in chapter.tables}
    figures = [figure for chapter in chapters for figure in chapter.figures]
    pictures = {figure.name: figure.picture for figure in figures if figure.picture is not None}
    return templates.get_template("report.html.jinja").render(
        title=title,
        single=len(chapters) == 1,
        chapters=chapters,
        sections=[
            [(section, _grouped(section.blocks)) for section in chapter.sections]
            for chapter in chapters
        ],
        summary=to_summary(chapters),
        tables=data_block(tables),
        pictures=data_block(pictures),
        style=Markup("".join(_source(templates, name) for name in _STYLES)),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=version("perflab"),
    )


def data_block(values: object) -> Markup:
    """Return values as JSON that can stand in a script element: nothing in it ends that."""
    text = json.dumps(values, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no character of markup is left


def _grouped(blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Put what stands side by side together: figures with figures, texts to copy with such."""
    return [(kind, list(group)) for kind, group in groupby(blocks, lambda b: type(b).__name__)]


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("perflab.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["drawing"] = _drawing
    environment.filters["width"] = lambda figure: css_width(figure.svg)
    return environment


def _drawing(figure: Figure) -> Markup:
    return Markup(for_page(figure.svg, figure.alt))  # noqa: S704 - written by an XML library


def _source(templates: Environment, name: str) -> str:
    assert templates.loader is not None  # noqa: S101 - given above
    return templates.loader.get_source(templates, name)[0]
