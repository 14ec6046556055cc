"""The sentence and the table of settings that were run live in turns."""

from __future__ import annotations

from perflab.instrumentation.catalog import METRICS
from perflab.reports.blocks import Block, Cell, Column, Table, Text, Tone
from perflab.reports.wording import sentence
from perflab.tuning.turns.document import Contender, TurnsTaken
from perflab.tuning.turns.table import HEADS, difference_of_compared, row_of, value_of
from perflab.units import in_words, percent

_KEYS = ("contender", "settings", "rounds", "value", "difference", "interval", "verdict")
_TONES: dict[str, Tone] = {"better": "better", "worse": "worse"}
_NUMERIC = {"rounds", "value", "difference", "interval"}


def turns_blocks(taken: TurnsTaken | None) -> list[Block]:
    """Return what came of turns: the sentence, a row for each contender, and all rounds, folded.

    It is nothing where there were none, or of a metric that is not known.
    """
    if taken is None or taken["metric"] not in METRICS:
        return []
    return [Text(sentence(taken["outcome"])), _table(taken), _rounds(taken)]


def _table(taken: TurnsTaken) -> Table:
    label = METRICS[taken["metric"]].label
    columns = tuple(
        Column(key, head.format(metric=label).capitalize(), numeric=key in _NUMERIC)
        for key, head in zip(_KEYS, HEADS, strict=True)
    )
    rows = tuple(_row(contender, taken["metric"]) for contender in taken["contenders"])
    took, budget = (in_words(taken[key], "seconds") for key in ("seconds", "budget_seconds"))
    sure = percent(taken["confidence"])
    note = (
        f"It took {took} of {budget}. The difference is from the recommended settings, as the mean "
        f"over the rounds that both were in. With {sure} confidence all intervals together are "
        "right, whenever the turns end. The first round warms up and is left out."
    )
    return Table("turns", "Run in turns", columns, rows, note)


def _row(contender: Contender, name: str) -> tuple[Cell, ...]:
    found = difference_of_compared(contender, name)
    *texts, verdict = row_of(contender, name)
    values: tuple[object, ...] = (
        contender["name"],
        contender["written"],
        len(contender["rounds"]),
        value_of(contender, name),
        None if found is None else found.mean,
        None if found is None else found.interval_words,
        contender["failed"] or verdict,
    )
    cells = [Cell(text, value) for text, value in zip(texts, values[:-1], strict=True)]
    return (*cells, Cell(verdict, values[-1], _TONES.get(verdict, "")))


def _rounds(taken: TurnsTaken) -> Table:
    """Return the objective's value in each round, a column for each contender."""
    info, contenders = METRICS[taken["metric"]], taken["contenders"]
    most = max((len(each["rounds"]) for each in contenders), default=0)
    rows = []
    for number in range(most):
        cells = [Cell(str(number + 1), number + 1)]
        for each in contenders:
            kept = each["rounds"][number : number + 1]
            value = kept[0].get(info.name) if kept else None
            cells.append(Cell("" if value is None else info.format(value), value))
        rows.append(tuple(cells))
    columns = (
        Column("round", "Round", numeric=True),
        *(Column(each["name"], each["name"].capitalize(), numeric=True) for each in contenders),
    )
    return Table("turns-rounds", f"Rounds: {info.label}", columns, tuple(rows), folded=True)
