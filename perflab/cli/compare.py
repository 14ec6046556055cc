"""`perflab compare`: results side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.options import Json, check_files
from perflab.cli.output import hand_over

_EXAMPLES = """\b
Example:
  perflab compare before.json after.json
  perflab compare small.json medium.json large.json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", short_help="Compare results side by side.", epilog=_EXAMPLES)(compare)


def compare(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="A.json B.json...", help="Results of one pattern, written by --out."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Compare runs, predictions or recommendations, metric by metric, each with the first.

    Two runs also tell how far a metric may differ by chance: a difference below that is marked
    as within noise.
    """
    check_files(files)
    from perflab.tuning.comparisons import compare_all

    result = compare_all(files)
    hand_over(result, lambda found: found.to_text(), as_json=as_json)
