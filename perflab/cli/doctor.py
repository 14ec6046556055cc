"""`perflab doctor`: which servers and tools are here, and what killed runs have left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli.options import Json
from perflab.cli.output import say, say_json, table, tell, wrapped

if TYPE_CHECKING:
    from perflab.servers.leftovers import Leftover

_EXAMPLES = """\b
Examples:
  perflab doctor
  perflab doctor --json
  perflab doctor --clean
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor", short_help="Show which servers and tools are installed.", epilog=_EXAMPLES
    )(doctor)


def doctor(
    as_json: Json = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not contact servers configured by URL.")
    ] = False,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            help="Remove what killed runs have left on your servers, and say what was removed.",
        ),
    ] = False,
) -> None:
    """Show which servers and tools were found, their versions, and what is kept here.

    Runs that were killed may have left keys or tables on a server of yours, under their own
    names: they are listed, and removed with --clean. A run that is alive is never touched. What
    'perflab apply' set and was not given back is listed with the command that does.
    """
    from perflab.cli.applied import applied as set_and_kept
    from perflab.cli.findings import findings
    from perflab.cli.left_behind import left_behind, listed
    from perflab.errors import BadInputError

    if clean:
        if offline:
            raise BadInputError("contacts servers, which --offline forbids", "--clean")
        _clean(as_json=as_json)
        return
    found = findings(ask=not offline)
    left, problems = ([], []) if offline else left_behind()
    found += [*listed(left, problems), *set_and_kept()]
    if as_json:
        say_json(
            {
                "findings": [finding.to_dict() for finding in found],
                "left_behind": [leftover.to_dict() for leftover in left],
            }
        )
        return
    rows = [("of", "what", "found")]
    group = ""
    for finding in found:
        rows.append((finding.group if finding.group != group else "", finding.name, finding.text))
        group = finding.group
    say(table(wrapped(rows), left=(0, 1, 2)))


def _clean(*, as_json: bool) -> None:
    """Remove what killed runs have left, and say what went and what could not go.

    Raises:
        BadInputError: If a server could not be asked or did not let us.
    """
    from perflab.cli.left_behind import in_words, left_behind
    from perflab.errors import BadInputError

    tell("looking for what killed runs have left; a run killed just now is known after 30 s")
    left, problems = left_behind(wait=True)
    removed: list[Leftover] = []
    for leftover in left:
        try:
            leftover.remove()
        except BadInputError as error:
            problems.append(f"{leftover.name}: {error}")
        else:
            removed.append(leftover)
    if as_json:
        say_json({"removed": [leftover.to_dict() for leftover in removed]})
    elif removed:
        say("\n".join(f"removed {leftover.name}: {in_words(leftover)}" for leftover in removed))
    elif not problems:
        say("nothing is left by killed runs")
    if problems:
        raise BadInputError("; ".join(problems))
