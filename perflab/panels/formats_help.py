"""The formats of files, folded below the fields of reading; `docs/workloads.md` has them."""

from __future__ import annotations

import html
import importlib.metadata
import re
from functools import cache
from pathlib import Path

import ipywidgets as widgets

_PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (_PACKAGE / "_shipped" / "workloads.md", _PACKAGE.parent / "docs" / "workloads.md")
"""In an installed package, and in a source checkout."""

_EXAMPLES = re.compile(r"^## Formats\n.*?^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BINARY = "binary"


def read_formats(text: str) -> dict[str, list[str]]:
    """Return an example's lines of each format in the list of a page.

    Args:
        text: A page with a section *Formats* and in it one block of a name and a line per row.
    """
    found = _EXAMPLES.search(text)
    examples: dict[str, list[str]] = {}
    for row in found[1].splitlines() if found else ():
        name, _, line = row.partition(" ")
        examples.setdefault(name, []).append(line.strip())
    return examples


@cache
def _examples() -> dict[str, list[str]]:
    place = next((place for place in PLACES if place.is_file()), None)
    return {} if place is None else read_formats(place.read_text(encoding="utf-8"))


def formats_help(formats: tuple[str, ...]) -> tuple[widgets.HTML, ...]:
    """Return a list that folds, of each format with an example; nothing for none.

    Where the package says the address of its documentation, a link leads there.

    Args:
        formats: Those that can be read.
    """
    if not formats:
        return ()
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{_example(_examples().get(name))}</dd>"
        for name in formats
    )
    made = widgets.HTML(
        "<details><summary>Formats that are read</summary>"
        "<p>Any of them may be compressed (gz, xz, zst, bz2), and all but binary numbers are "
        f"recognised.{_link()}</p><dl>{rows}</dl></details>"
    )
    made.add_class("perflab-meanings")
    return (made,)


def _example(lines: list[str] | None) -> str:
    if lines is None:
        return _BINARY
    return "<br>".join(f"<code>{html.escape(line)}</code>" for line in lines)


def _link() -> str:
    address = documentation()
    if not address:
        return ""
    page = html.escape(f"{address}/workloads.md", quote=True)
    return f" <a href='{page}' target='_blank' rel='noopener'>All about workloads</a>"


def documentation() -> str:
    """Return the address of the documentation, as the installed package says it, or nothing."""
    try:
        urls = importlib.metadata.metadata("perflab").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    named = dict(entry.split(", ", 1) for entry in urls if ", " in entry)
    address = named.get("Documentation", "")
    return address.rstrip("/") if address.startswith(("https://", "http://")) else ""
