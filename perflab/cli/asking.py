"""Questions on a terminal: those of `perflab advise` without a file, and yes or no."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from perflab.cli.output import tell

if TYPE_CHECKING:
    from perflab.bench.questions import Answer, Question

_NOTHING = (
    "needs a file, or answers where no terminal can be asked: --answer source=database --answer "
    "rate=200; 'perflab advise --questions' lists all"
)


def confirmed(question: str) -> bool:
    """Ask on standard error alone: the prompts of click leave a blank on standard output."""
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def ask() -> dict[str, object]:
    """Ask on the terminal, each question until its answer can be read or is left out.

    Raises:
        BadInputError: If there is no terminal, or nothing was answered.
    """
    from perflab.errors import BadInputError
    from perflab.tuning.advice.advise import all_questions

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInputError(_NOTHING, "advise")
    tell("Press Enter where you do not know.")
    found: dict[str, object] = {}
    for question in all_questions():
        answer = _answer_to(question)
        if answer is not None:
            found[question.key] = answer
    if not found:
        raise BadInputError("nothing was answered, so nothing can be said", "advise")
    return found


def _answer_to(question: Question) -> Answer | None:
    """Return an answer; choices are numbered, and what cannot be read is asked again."""
    from perflab.errors import BadInputError

    tell("")
    tell(question.text)
    for number, text in enumerate(_choices(question), 1):
        tell(f"  {number}. {text}")
    prompt = (
        f"1 to {len(question.choices)}: " if question.choices else f"such as {question.sample}: "
    )
    while True:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        written = sys.stdin.readline().strip()
        place = int(written) if question.choices and written.isdecimal() else 0
        chosen = question.choices[place - 1] if 1 <= place <= len(question.choices) else written
        try:
            return question.read(chosen)
        except BadInputError as error:
            tell(f"  {error.message}")


def _choices(question: Question) -> tuple[str, ...]:
    """Return the choices as a person reads them: a symptom in place of a pattern's name."""
    from perflab.tuning.advice.advise import SYMPTOM, advising_benches

    if question.key != SYMPTOM:
        return question.choices
    benches = advising_benches()
    return tuple(benches[name][1].symptom for name in question.choices)
