"""A report as one HTML page that opens offline."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perflab.bench import AnyBench
from perflab.reports.blocks import Block, Figure, Section
from perflab.reports.svg import for_page
from perflab.reports.verdict import Verdict


def to_html(title: str, bench: AnyBench, verdict: Verdict, sections: Sequence[Section]) -> str:
    """Return the page: styles, drawings and the script of its copy buttons inside it."""
    templates = _templates()
    script = _source(templates, "copy.js")
    return templates.get_template("report.html.jinja").render(
        title=title,
        bench=bench,
        verdict=verdict,
        sections=[(section, _grouped(section.blocks)) for section in sections],
        style=Markup(_source(templates, "report.css")),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=version("perflab"),
    )


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
    return environment


def _drawing(figure: Figure) -> Markup:
    return Markup(for_page(figure.svg, figure.alt))  # noqa: S704 - written by an XML library


def _source(templates: Environment, name: str) -> str:
    assert templates.loader is not None  # noqa: S101 - given above
    return templates.loader.get_source(templates, name)[0]
