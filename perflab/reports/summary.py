"""A report in ten lines of Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.reports.chapter import AnyChapter
from perflab.reports.markdown import escape
from perflab.reports.wording import sentence

MOST_LINES = 10
_MOST_CHARACTERS = 400
_MARKS = {"ship": "✅", "do not ship": "❌", "needs a look": "⚠️"}


def to_summary(chapters: Sequence[AnyChapter]) -> str:
    """Return at most ten lines: the answer with its numbers, or of several patterns each answer."""
    if len(chapters) == 1:
        lines = _of_one(chapters[0])
    else:
        lines = [_answer(chapter, chapter.title) for chapter in chapters]
        if len(lines) > MOST_LINES:
            more = len(lines) - MOST_LINES + 1
            lines = [*lines[: MOST_LINES - 1], f"- and {more} more"]
    return "\n".join(lines[:MOST_LINES]) + "\n"


def _of_one(chapter: AnyChapter) -> list[str]:
    decision, verdict = chapter.decision, chapter.verdict
    lines = [f"### {_answer(chapter)[2:]}"]
    lines += [_point(reason) for reason in decision.reasons[:3]]
    lines += [_point(text) for text in (verdict.effect, verdict.measured) if text]
    if decision.counted_thresholds:
        failed = [each.text for each in decision.thresholds if each.passed is False]
        which = f" ({'; '.join(failed)})" if failed else ""
        lines.append(_point(sentence(f"{decision.counted_thresholds}{which}")))
    checks = [check.text for check in decision.checks if check.ok]
    lines += [_point(" ".join(checks))] if checks else []
    facts = "; ".join(f"{what.lower()}: {value}" for what, value in chapter.overview.facts)
    last = _point(sentence(facts))
    return [*lines[: MOST_LINES - 1], last]


def _answer(chapter: AnyChapter, of: str = "") -> str:
    decision = chapter.decision
    named = f"{of}: " if of else ""
    text = f"{named}{decision.words}. {sentence(chapter.headline)}"
    return f"- {_MARKS[decision.answer]} {_short(text)}"


def _point(text: str) -> str:
    return f"- {_short(text)}"


def _short(text: str) -> str:
    cut = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    return escape(cut)
