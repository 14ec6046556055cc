"""`ServiceChapter`: the results of a whole service, with the answer and the sections they make."""

from __future__ import annotations

import dataclasses
from functools import cached_property

from perflab.instrumentation.catalog import metric
from perflab.reports.blocks import Section
from perflab.reports.decision import Decision
from perflab.reports.overview import Overview
from perflab.reports.parts import ChapterParts
from perflab.reports.service.decision import RULE, service_decision
from perflab.reports.service.kinds import ServiceResult, of_kind
from perflab.reports.service.outcomes import outcomes_of
from perflab.reports.service.sections import service_sections
from perflab.reports.verdict import Card, Verdict
from perflab.reports.wording import sentence
from perflab.service.budget import Budget
from perflab.service.fleet import Fleet
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.service.scenarios.survive import Survival
from perflab.units import counted

_CARDS = ("latency_seconds_p95", "hit_rate", "database_per_second", "memory_bytes")


@dataclasses.dataclass(frozen=True)
class ServiceChapter(ChapterParts):
    """The part of a report that is about a whole service.

    Attributes:
        results: Of the service; at least one.
        author: Who made the report; empty where nobody said so.
        prefix: What the names of its sections, tables and figures begin with.
    """

    results: tuple[ServiceResult, ...]
    author: str = ""
    prefix: str = ""
    title: str = "The whole service"
    rule: str = RULE
    question: str = "Does the chain carry its load, and what happens when a part of it fails?"

    @cached_property
    def decision(self) -> Decision:
        """Whether to ship."""
        return service_decision(self.results)

    @cached_property
    def verdict(self) -> Verdict:
        """The answer in words and numbers."""
        runs = of_kind(self.results, ServiceRun)
        measured = ""
        if runs:
            run = runs[-1]
            real, fitted = (
                metric("latency_seconds_p95").format(found.get("latency_seconds_p95"))
                for found in (run.metrics, run.fitted)
            )
            measured = (
                f"Measured over {counted(int(run.metrics['requests']), 'request')}: p95 latency "
                f"{real}, refitted {fitted}."
            )
        advice = [survival.advice for survival in of_kind(self.results, Survival)]
        budgets = [budget.reason for budget in of_kind(self.results, Budget)]
        fleets = [fleet.reason for fleet in of_kind(self.results, Fleet)]
        effect = " ".join(sentence(text) for text in (*advice, *budgets, *fleets))
        return Verdict(self.headline, effect, measured, self._cards())

    @property
    def headline(self) -> str:
        """The answer in one line."""
        outcomes = outcomes_of(self.results)
        failed = [title for title, outcome, _ in outcomes if not outcome.survived]
        if failed:
            return f"What the service does not survive: {'; '.join(failed)}"
        if outcomes:
            return f"The service survives: {'; '.join(title for title, _, _ in outcomes)}"
        return "The service, stage by stage"

    def _cards(self) -> tuple[Card, ...]:
        predictions = of_kind(self.results, ServicePrediction)
        if not predictions:
            return ()
        known = predictions[-1].metrics
        return tuple(
            Card(metric(name).label, metric(name).format(known[name]))
            for name in _CARDS
            if name in known
        )

    @cached_property
    def overview(self) -> Overview:
        """When, by whom, of what."""
        facts: dict[str, str] = {"Author": self.author}
        for result in self.results:
            about = getattr(result, "environment", None) or {}
            date = str(about.get("date", ""))[:16].replace("T", " ")
            facts.setdefault("Date", f"{date} UTC" if date else "")
            workload = getattr(result, "workload", None)
            if workload is not None:
                facts.setdefault("Workload", str(workload["name"]))
            servers = getattr(result, "servers", None)
            if servers:
                facts["Servers"] = ", ".join(servers.values())
        return Overview(tuple((what, said) for what, said in facts.items() if said), ())

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All that stands below the answer."""
        found = service_sections(self.results)
        return self.named(found)

    def to_dict(self) -> dict[str, object]:
        """Return the answer, the tables and the texts to paste, for JSON."""
        return {
            "pattern": "service",
            "decision": dataclasses.asdict(self.decision),
            "verdict": dataclasses.asdict(self.verdict),
            "tables": [table.to_dict() for table in self.tables],
            "texts": self.texts,
        }
