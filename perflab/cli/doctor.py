"""`perflab doctor`: which servers and tools are here, and their versions."""

from __future__ import annotations

from typing import Annotated

import typer

from perflab.cli.options import Json
from perflab.cli.output import say, say_json, table

_EXAMPLES = """\b
Examples:
  perflab doctor
  perflab doctor --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", short_help="Which servers and tools are here.", epilog=_EXAMPLES)(doctor)


def doctor(
    as_json: Json = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the servers that are set by URL.")
    ] = False,
) -> None:
    """Show which servers and tools were found, their versions, and what is kept here."""
    from perflab.cli.findings import findings

    found = findings(ask=not offline)
    if as_json:
        say_json({"findings": [finding.to_dict() for finding in found]})
        return
    rows = [("of", "what", "found")]
    group = ""
    for finding in found:
        rows.append((finding.group if finding.group != group else "", finding.name, finding.text))
        group = finding.group
    say(table(rows, left=(0, 1, 2)))
