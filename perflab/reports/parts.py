"""`ChapterParts`: what chapters of patterns and of a whole service share beneath their answer."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable

from perflab.reports.blocks import Block, Code, Figure, Section, Table
from perflab.reports.overview import Overview
from perflab.reports.svg import with_prefix


class ChapterParts(ABC):
    """A chapter's tables, figures and texts, whose names are unique in the report.

    Attributes:
        prefix: What the names of its sections, tables and figures begin with.
    """

    prefix: str

    @property
    @abstractmethod
    def overview(self) -> Overview:
        """When, by whom, of what."""

    @property
    @abstractmethod
    def sections(self) -> tuple[Section, ...]:
        """All that stands below the answer."""

    @property
    def name(self) -> str:
        """What links point to."""
        return f"{self.prefix}verdict"

    @property
    def tables(self) -> list[Table]:
        """All tables: those of the first screen, then those of the sections."""
        below = [block for s in self.sections for block in s.blocks if isinstance(block, Table)]
        return [*self.overview.tables, *below]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in the order of the sections."""
        return [block for s in self.sections for block in s.blocks if isinstance(block, Figure)]

    @property
    def texts(self) -> list[dict[str, object]]:
        """The texts to copy, for JSON."""
        return [
            {"section": s.name, **dataclasses.asdict(block)}
            for s in self.sections
            for block in s.blocks
            if isinstance(block, Code)
        ]

    def named(self, sections: Iterable[Section]) -> tuple[Section, ...]:
        """Return sections under names of this chapter."""
        return tuple(self._named(section) for section in sections)

    def _named(self, section: Section) -> Section:
        if not self.prefix:
            return section
        blocks = tuple(self._block(block) for block in section.blocks)
        return dataclasses.replace(section, name=f"{self.prefix}{section.name}", blocks=blocks)

    def _block(self, block: Block) -> Block:
        if not isinstance(block, (Table, Figure)):
            return block
        named = dataclasses.replace(block, name=f"{self.prefix}{block.name}")
        if isinstance(named, Figure):
            return dataclasses.replace(named, svg=with_prefix(named.svg, self.prefix))
        return named
