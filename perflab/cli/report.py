"""`perflab report`: results as one file that opens anywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.options import Force, check_files
from perflab.cli.output import say, say_written

_EXAMPLES = """\b
Examples:
  perflab report run.json best.json --out report.html --author 'Ada'
  perflab report run.json --out report/
  perflab report run.json best.json --format summary | gh pr comment --body-file -
"""


class Form(StrEnum):
    """What a report can be written as."""

    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"
    SUMMARY = "summary"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", short_help="Write results as HTML, Markdown or JSON.", epilog=_EXAMPLES)(
        report
    )


def report(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE.json...", help="What --out of a command wrote.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="REPORT.html",
            help="The suffix decides: .html, .md or .json; a folder gets all three, with the "
            "tables as CSV and the figures as SVG.",
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="What to write, whatever the suffix; without --out it goes to standard output. "
            "summary is ten lines of Markdown for a pull request.",
        ),
    ] = None,
    author: Annotated[
        str, typer.Option("--author", metavar="NAME", help="Who made the report.")
    ] = "",
    title: Annotated[
        str | None, typer.Option("--title", metavar="TITLE", help="The title on top of it.")
    ] = None,
    no_keys: Annotated[
        bool,
        typer.Option("--no-keys", help="Leave out the keys and URLs that are requested most."),
    ] = False,
    force: Force = False,
) -> None:
    """Write a report of predictions, runs and recommendations, with settings ready to paste."""
    from perflab import reports
    from perflab.errors import BadInputError

    if out is None and form is None:
        raise BadInputError("name a file or a folder, or print a form with --format", "--out")
    check_files(files)
    if out is None:
        assert form is not None  # noqa: S101 - looked at above
        made = reports.Report.of(files, title, author, keys=not no_keys)
        say(made.text(form.value).rstrip("\n"))
        return
    written = reports.report(
        files,
        out,
        title,
        author=author,
        form=None if form is None else form.value,
        keys=not no_keys,
        force=force,
    )
    say_written(written)
