"""`perflab advise`: which patterns would help, from a file or from answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.asking import ask
from perflab.cli.inputs import prepare_kernels, reading_of
from perflab.cli.options import (
    Columns,
    Force,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Out,
    Separator,
    ShowProgress,
    TimeUnit,
    check_out,
)
from perflab.cli.output import (
    hand_over,
    notes,
    progress,
    say,
    say_json,
    table,
    workload_line,
    wrapped,
)

if TYPE_CHECKING:
    from perflab.tuning.advice.result import Advice, Suggestion

_EXAMPLES = """\b
Examples:
  perflab advise access.log
  perflab advise access.log --answer processes=4 --answer memory=2GiB
  perflab advise postgresql.log
  perflab advise rows.csv --as data --answer reading=whole
  perflab advise --answer source=database --answer rate=200 --answer source_seconds=15ms
  perflab advise --questions
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "advise",
        short_help="Find the pattern that helps, with first settings and reasons.",
        epilog=_EXAMPLES,
    )(advise)


def advise(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="A log, a trace, HAR or URLs, or a data file; questions are asked without one.",
            show_default=False,
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            "-a",
            metavar="KEY=VALUE",
            help="An answer, such as processes=4; may be repeated, and counts before the file.",
            autocompletion=completion.answers,
        ),
    ] = None,
    read_as: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="requests|data",
            help="What the rows of a table are; detected if not given.",
            autocompletion=completion.readings,
        ),
    ] = None,
    questions: Annotated[
        bool, typer.Option("--questions", help="List what can be answered, and end.")
    ] = False,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
    show: ShowProgress = None,
) -> None:
    """Say which patterns would help, with first settings, and the number that decides each.

    Without a file and answers it asks, on a terminal: press Enter where you do not know.
    """
    if questions:
        _list_questions(as_json=as_json)
        return
    check_out(out, file, force=force)
    from perflab.errors import BadInputError
    from perflab.tuning.advice.advise import advise as advise_on

    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    if file is None and (format_ is not None or reading or read_as is not None):
        raise BadInputError("the options of reading apply only to a file; name one", "FILE")
    answers = _parsed(answer or ())
    if file is None and not answers:
        answers = ask()
    if file is not None:
        prepare_kernels(show)
    with progress("reading", "B", show) as report:
        found = advise_on(
            file, answers, format=format_, columns=reading, read_as=read_as, progress=report
        )
    hand_over(found, write_advice, as_json=as_json, out=out, force=force)


def write_advice(advice: Advice) -> str:
    """Return advice as text for a terminal: the answer, then each pattern with its reason."""
    lines = [advice.headline]
    if advice.workload.get("name"):
        lines += ["", f"Read: {workload_line(advice.workload)}"]
    lines += _facts(advice)
    for number, each in enumerate(advice.helpful, 1):
        lines += ["", *_helpful(number, each)]
    others = [each for each in advice.suggestions if each["verdict"] == "no"]
    if others:
        lines += ["", "Would not help:"]
        lines += [f"  {each['title']}: {each['reason']}" for each in others]
    unknown = [each["title"] for each in advice.suggestions if each["verdict"] == "unknown"]
    if unknown or advice.not_told:
        of = f" about {', '.join(unknown)}" if unknown else ""
        lines += ["", f"Could not tell{of}. What would tell more:"]
        lines += [f"  {text}" for text in advice.not_told]
    said = [*advice.workload.get("notes", ()), *advice.notes]
    if said:
        lines += ["", notes(said)]
    return "\n".join(lines)


def _facts(advice: Advice) -> list[str]:
    from perflab.tuning.advice.wording import fact_rows

    rows = fact_rows(advice)
    return ["", table([("what decides", "value"), *rows], left=(0,))] if rows else []


def _helpful(number: int, each: Suggestion) -> list[str]:
    from perflab.tuning.advice.wording import predicted_words, settings_words

    word = "" if each["verdict"] == "yes" else " (perhaps)"
    lines = [f"{number}. {each['title']}{word}: {each['reason']}"]
    settings = settings_words(each)
    if settings or each["settings_reason"]:
        begin = f"Begin with {settings}. " if settings else ""
        lines.append(f"   {begin}{each['settings_reason']}".rstrip())
    predicted = predicted_words(each)
    if predicted:
        lines.append(f"   Predicted: {predicted}")
    lines += [f"   Against it: {text}" for text in each["against"]]
    if each["notebook"]:
        lines.append(f"   Open: {each['notebook']} (perflab lab)")
    return [*lines, f"   Next: {each['command']}"]


def _list_questions(*, as_json: bool) -> None:
    from perflab.tuning.advice.advise import all_questions

    asked = all_questions()
    if as_json:
        keys = ("key", "text", "unit", "choices")
        found = [{key: getattr(each, key) for key in keys} for each in asked]
        say_json({"questions": found})
        return
    rows = [("answer", "such as", "question")]
    say(
        table(
            wrapped([*rows, *((q.key, f"{q.key}={q.sample}", q.text) for q in asked)]),
            left=(0, 1, 2),
        )
    )


def _parsed(texts: Iterable[str]) -> dict[str, object]:
    """Return answers of texts such as ``processes=4``; of two with one key the last counts.

    Raises:
        BadInputError: If a text is no answer.
    """
    from perflab.errors import BadInputError

    found: dict[str, object] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not key:
            raise BadInputError(f"{text!r} is not KEY=VALUE; write it like processes=4", "--answer")
        found[key] = value
    return found
