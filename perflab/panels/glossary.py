"""The glossary, as the panel explains itself with it: its one source is `docs/glossary.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from perflab.instrumentation.catalog import MetricInfo

_PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (_PACKAGE / "_shipped" / "glossary.md", _PACKAGE.parent / "docs" / "glossary.md")
"""In an installed package, and in a source checkout."""

_LIST = re.compile(r"^:::\{glossary\}\n(.*?)^:::$", re.MULTILINE | re.DOTALL)
_MARKUP = re.compile(r"[*`]")


def read_glossary(text: str) -> dict[str, str]:
    """Return the plain meaning of each term in a glossary, as Sphinx reads it.

    Args:
        text: A page with one ``:::{glossary}`` list: terms from the first column on, one per line,
            and below them their meaning, indented.
    """
    found = _LIST.search(text)
    meanings: dict[str, str] = {}
    for entry in found.group(1).split("\n\n") if found else ():
        lines = entry.strip("\n").split("\n")
        said = " ".join(line.strip() for line in lines if line.startswith(" "))
        meaning = _MARKUP.sub("", said)
        meanings |= {line.strip(): meaning for line in lines if line and not line.startswith(" ")}
    return meanings


@cache
def glossary() -> Mapping[str, str]:
    """Return the meanings by term; none where the page is missing from an installation."""
    for place in PLACES:
        if place.is_file():
            return MappingProxyType(read_glossary(place.read_text(encoding="utf-8")))
    return MappingProxyType({})


def meaning(term: str) -> str:
    """Return what a term means, also in the plural; an empty text for one that is not listed."""
    known = glossary()
    return known.get(term) or known.get(term.removesuffix("s"), "")


def term_of(info: MetricInfo) -> str:
    """Return what explains a metric: its label, or what stands before or after its comma.

    The label also where the glossary has none of them, as for another package's bench.
    """
    head, _, tail = info.label.partition(", ")
    return next(filter(meaning, (info.label, head, tail)), info.label)


def meaning_of(info: MetricInfo) -> str:
    """Return what a metric means; an empty text where the glossary does not say."""
    return meaning(term_of(info))
