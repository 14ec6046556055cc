"""`perflab export`: settings as a program or a configuration file, or into one that is there."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.asking import confirmed
from perflab.cli.options import Force, check_files
from perflab.cli.output import say, say_written, table, tell, wrapped

if TYPE_CHECKING:
    from perflab.bench import Export
    from perflab.bench.parts import Scalar
    from perflab.files.edits import Edit, KeyPath
    from perflab.tuning.exports import Shipped

_EXAMPLES = """\b
Examples:
  perflab export best.json
  perflab export best.json --as redis.conf --out redis.conf
  perflab export best.json --as spring --into application.yml
  perflab export best.json --as hikaricp --into values.yaml --at app.database.pool
  perflab export best.json --as redis.conf --into values.yaml --at maxmemory=redis.maxMemory
"""

_WITH_UNIT = re.compile(r"\d[\d_.]*\s*[A-Za-zµ%]+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_WHERE = (
    "Add it there, say where the file has it by --at KEY=PATH, or choose other values by --only"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "export",
        short_help="Write settings as a program or configuration, or into yours.",
        epilog=_EXAMPLES,
    )(export)


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.json", help="What --out of tune, run or predict wrote.")
    ],
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="FORMAT",
            help="The format; without it, the formats of the pattern are listed.",
            autocompletion=completion.formats,
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="FILE",
            help="Replace the values in a YAML, TOML, JSON, Terraform, .conf, .ini, .properties or "
            ".env file; all other bytes stay.",
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="PATH|KEY=PATH",
            help="Where that file has the values, such as app.database.pool or env[0].value; or "
            "where it has one of them, may be repeated. Where the format usually has them, if not "
            "given.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KEY", help="Replace this value alone; may be repeated."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="What --into names: yaml, json, toml, hcl (Terraform), conf (redis.conf), ini, "
            "properties or env; "
            "told by its name if not given.",
            autocompletion=completion.kinds,
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Replace the values in --into without a question.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the text to a file."),
    ] = None,
    force: Force = False,
) -> None:
    """Write the settings of a recommendation, run or prediction in the format of what takes them.

    Without --into and --out the text goes to standard output. With --into the difference is shown
    first, and the file is written after you agree, or with --yes.
    """
    check_files([file])
    for option, value in (("--at", at), ("--only", only), ("--kind", kind), ("--yes", yes)):
        if value and into is None:
            raise typer.BadParameter("applies only to --into", param_hint=option)
    if into is not None and out is not None:
        raise typer.BadParameter("name either --into or --out", param_hint="--out")
    if as_ is None and (into is not None or out is not None):
        raise typer.BadParameter("name the format", param_hint="--as")
    from perflab.tuning.exports import shipped

    found = shipped(file)
    if found.warning:
        tell(f"note: {found.warning}")
    if as_ is None:
        say(_formats(found))
        return
    chosen = found.export(as_)
    if into is not None:
        _replace(chosen, into, at or (), only or (), kind, yes=yes)
    elif out is not None:
        _write(chosen, file, out, force=force)
    else:
        sys.stdout.write(chosen.text)


def _formats(found: Shipped) -> str:
    rows = [("format", "what it is", "values for --into")]
    rows += [(each.name, each.title, ", ".join(each.values)) for each in found.exports]
    return table(wrapped(rows), left=(0, 1, 2))


def _write(export: Export, source: Path, out: Path, *, force: bool) -> None:
    from perflab.files import check_output, write_text

    check_output(out, [source], force=force)
    write_text(out, export.text)
    say_written(out)


def _replace(
    export: Export,
    into: str,
    at: Sequence[str],
    only: Sequence[str],
    kind: str | None,
    *,
    yes: bool,
) -> None:
    from perflab.errors import BadInputError
    from perflab.files.edits import NotThereError, edit_file
    from perflab.tuning.exports import changes_for

    changes = changes_for(export, at, only)
    try:
        edit = _one_value(into, changes, at, kind) or edit_file(into, changes, kind)
    except NotThereError as error:
        stop = "" if error.message.endswith("?") else "."
        text = f"{error.message}{stop} {_WHERE}"
        raise BadInputError(text, error.place) from None
    if edit.before == edit.after:
        tell(f"{into} has these values already; nothing was written")
        return
    say(edit.difference)
    for note in (*edit.notes, *_lost_units(edit, export)):
        tell(f"note: {note}")
    if not yes:
        if not sys.stdin.isatty():
            raise BadInputError("nothing was written; agree with --yes", into)
        if not confirmed(f"Write these values into {into}?"):
            raise BadInputError("nothing was written, since you did not agree", into)
    edit.write()
    say_written(Path(into))


def _one_value(
    into: str, changes: Mapping[KeyPath, Scalar], at: Sequence[str], kind: str | None
) -> Edit | None:
    """Return the edit of the one value that --at itself leads to; none where it leads elsewhere."""
    from perflab.errors import BadInputError
    from perflab.files.edits import edit_file, parse_path

    if len(changes) != 1 or len(at) != 1 or "=" in at[0]:
        return None
    with contextlib.suppress(BadInputError):
        return edit_file(into, {parse_path(at[0]): next(iter(changes.values()))}, kind)
    return None


def _lost_units(edit: Edit, export: Export) -> Iterator[str]:
    """Yield a note for each number that has no unit where one was."""
    from perflab.files.edits import path_text

    for each in edit.replaced:
        if _WITH_UNIT.fullmatch(each.old) and _NUMBER.fullmatch(each.new):
            yield (
                f"{path_text(each.path)} was {each.old!r} and has no unit now: {each.new} counts "
                f"as in {export.title}; see that what reads the file does too"
            )
