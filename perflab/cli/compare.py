"""`perflab compare`: two results side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.options import Json, check_files
from perflab.cli.output import hand_over

_EXAMPLES = """\b
Example:
  perflab compare before.json after.json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", short_help="Compare two results side by side.", epilog=_EXAMPLES)(
        compare
    )


def compare(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="A result written by --out.")],
    b: Annotated[Path, typer.Argument(metavar="B.json", help="Another of the same pattern.")],
    as_json: Json = False,
) -> None:
    """Compare two runs, predictions or recommendations, metric by metric."""
    check_files([a, b])
    from perflab.tuning import comparison

    result = comparison.compare(a, b)
    hand_over(result, comparison.Comparison.to_text, as_json=as_json)
