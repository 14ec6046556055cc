"""`to_comment`: a gate's result in a few lines of Markdown, for a pull request."""

from __future__ import annotations

from perflab.bench.registry import load_bench
from perflab.files import markdown_mark
from perflab.reports.markdown import escape
from perflab.tuning.check.document import Check
from perflab.tuning.check.words import HEADS, row_of, settings_of

_SIGNS = {"held": "✅", "open": "⚪", "broken": "❌"}
"""Of each verdict, which its word follows: a sign alone says nothing to a screen reader."""
_WORDS = {"held": "held", "open": "held, within noise", "broken": "broken"}


def to_comment(check: Check) -> str:
    """Return headline, conditions, changed settings and notes."""
    title = load_bench(check.pattern).identity.title
    sign = _SIGNS["held" if check.held else "broken"]
    lines = [f"### {sign} {escape(f'{title}: {check.headline}')}", ""]
    empty = 4 if not check.live else 5
    heads = ("Condition", "Verdict", *HEADS[:empty])
    lines += [_row(heads), _row(["---"] * len(heads))]
    for condition in check.conditions:
        verdict = condition["verdict"]
        cells = (condition["condition"], f"{_SIGNS[verdict]} {_WORDS[verdict]}")
        lines.append(_row([*map(escape, (*cells, *row_of(condition)[:empty]))]))
    changed = [
        f"`{key}` {escape(before)} → {escape(after)}"
        for key, before, after, _ in settings_of(check)
    ]
    told = f"Settings: {', '.join(changed)}" if changed else "The settings are the baseline's."
    lines += ["", f"{told}  ", f"Baseline: {escape(check.baseline)}"]
    lines += ["", *(f"- {escape(note)}" for note in check.notes)] if check.notes else []
    return "\n".join([*lines, "", markdown_mark(), ""])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
