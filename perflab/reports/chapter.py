"""`Chapter`: the results of one pattern, with the answer and the sections that they make."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from functools import cached_property

from perflab.bench import AnyBench, load_bench
from perflab.reports.blocks import Section
from perflab.reports.decision import RULE, Decision, decision_of
from perflab.reports.overview import Overview, overview_of
from perflab.reports.parts import ChapterParts
from perflab.reports.report_scope import AnyResult, ReportScope, scope_of
from perflab.reports.sections import sections_of
from perflab.reports.service.chapter import ServiceChapter
from perflab.reports.service.kinds import ServiceResult
from perflab.reports.sources import AnyReported
from perflab.reports.verdict import Verdict, verdict_of

_SHIP = re.compile(r"^(Doubtful, .*?: )?Ship ")


@dataclasses.dataclass(frozen=True)
class Chapter(ChapterParts):
    """The part of a report that is about one pattern.

    Attributes:
        results: Of the pattern; at least one.
        author: Who made the report; empty where nobody said so.
        prefix: What the names of its sections, tables and figures begin with, so that they are
            unique in the report.
    """

    results: tuple[AnyResult, ...]
    author: str = ""
    prefix: str = ""

    @cached_property
    def bench(self) -> AnyBench:
        """The bench of the results' pattern."""
        return load_bench(self.results[0].pattern)

    @property
    def title(self) -> str:
        """What the pattern is called."""
        return self.bench.identity.title

    @property
    def rule(self) -> str:
        """By what is decided whether to ship, in words."""
        return RULE

    @property
    def question(self) -> str:
        """What the pattern asks."""
        return self.bench.identity.question

    @cached_property
    def scope(self) -> ReportScope:
        """Which settings it is about."""
        return scope_of(self.bench, self.results)

    @cached_property
    def verdict(self) -> Verdict:
        """The answer in words and numbers."""
        return verdict_of(self.bench, self.scope, self.results)

    @cached_property
    def decision(self) -> Decision:
        """Whether to ship."""
        return decision_of(self.bench, self.scope, self.results)

    @property
    def headline(self) -> str:
        """The answer in one line; what is not to be shipped yet is a proposal."""
        headline = self.verdict.headline
        return headline if self.decision.answer == "ship" else _SHIP.sub(r"\1Proposed: ", headline)

    @cached_property
    def overview(self) -> Overview:
        """When, by whom, of what, and what changes."""
        thresholds = self.decision.thresholds
        found = overview_of(self.bench, self.scope, self.results, self.author, thresholds)
        tables = [dataclasses.replace(t, name=f"{self.prefix}{t.name}") for t in found.tables]
        return dataclasses.replace(found, tables=tuple(tables))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All that stands below the answer."""
        found = sections_of(self.bench, self.scope, self.results)
        return self.named(found)

    def to_dict(self) -> dict[str, object]:
        """Return the answer, the settings to ship, the tables and the texts to paste, for JSON."""
        return {
            "pattern": self.bench.identity.pattern,
            "decision": dataclasses.asdict(self.decision),
            "verdict": dataclasses.asdict(self.verdict),
            "settings": dict(self.scope.ship.settings),
            "tables": [table.to_dict() for table in self.tables],
            "texts": self.texts,
        }


AnyChapter = Chapter | ServiceChapter


def chapters_of(results: Sequence[AnyReported], author: str = "") -> tuple[AnyChapter, ...]:
    """Return a chapter for a whole service, and one for each pattern, as they come first."""
    by_pattern: dict[str, list[AnyResult]] = {}
    of_service = [result for result in results if isinstance(result, ServiceResult)]
    for result in results:
        if not isinstance(result, ServiceResult):
            by_pattern.setdefault(result.pattern, []).append(result)
    several = len(by_pattern) + bool(of_service) > 1
    found: list[AnyChapter] = []
    if of_service:
        found.append(ServiceChapter(tuple(of_service), author, "service-" if several else ""))
    found += [
        Chapter(tuple(group), author, f"{pattern.replace('_', '-')}-" if several else "")
        for pattern, group in by_pattern.items()
    ]
    return tuple(found)
