"""`perflab report`: results as one file that opens anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.options import Force, check_files
from perflab.cli.output import say_written

_EXAMPLES = """\b
Examples:
  perflab report run.json best.json --out report.html
  perflab report run.json --out report/
"""


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
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="REPORT.html",
            help="The suffix decides: .html, .md or .json; a folder gets all three, with the "
            "tables as CSV and the figures as SVG.",
        ),
    ],
    force: Force = False,
) -> None:
    """Write a report of predictions, runs and recommendations, with settings ready to paste."""
    check_files(files)
    from perflab import reports

    say_written(reports.report(files, out, force=force))
