"""`perflab export`: settings as a program or a configuration file, or into one that is there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from perflab.cli import completion
from perflab.cli.asking import confirmed
from perflab.cli.options import Force, check_files
from perflab.cli.output import say, say_written, table, tell, wrapped
from perflab.cli.project import Profile, Project
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.bench import Export
    from perflab.tuning.exports import Shipped

_EXAMPLES = """\b
Examples:
  perflab export best.json
  perflab export best.json --as redis.conf --out redis.conf
  perflab export best.json --as spring --into application.yml
  perflab export best.json --as hikaricp --into values.yaml --at app.database.pool
  perflab export best.json --as redis.conf --into values.yaml --at maxmemory=redis.maxMemory
  perflab export best.json --all
"""


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
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Write all exports that perflab.toml names, each into its file: all or none.",
        ),
    ] = False,
    project: Project = None,
    profile: Profile = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Write what --into or --all changes without a question."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the text to a file."),
    ] = None,
    force: Force = False,
) -> None:
    """Write the settings of a recommendation, run or prediction in the format of what takes them.

    Without --into and --out the text goes to standard output. With --into and --all the difference
    is shown first, and files are written after you agree, or with --yes.
    """
    check_files([file])
    _check_options(
        into=into is not None,
        out=out is not None,
        named=as_ is not None,
        all_=all_,
        of_into={"--at": bool(at), "--only": bool(only), "--kind": kind is not None},
        of_all={"--project": project is not None, "--profile": profile is not None},
        yes=yes,
    )
    from perflab.tuning.exports import shipped

    found = shipped(file)
    if found.warning:
        tell(f"note: {found.warning}")
    if all_:
        _write_all(found, file, project, profile, yes=yes, force=force)
        return
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


def _check_options(
    *,
    into: bool,
    out: bool,
    named: bool,
    all_: bool,
    of_into: Mapping[str, bool],
    of_all: Mapping[str, bool],
    yes: bool,
) -> None:
    """Refuse options that do not go together; each says whether it was given."""

    def refuse(option: str, message: str) -> NoReturn:
        raise typer.BadParameter(message, param_hint=option)

    given = {"--into": into, "--all": all_}
    only_with: dict[str, tuple[str, ...]]
    only_with = {option: ("--into",) for option, there in of_into.items() if there}
    only_with |= {option: ("--all",) for option, there in of_all.items() if there}
    only_with |= {"--yes": ("--into", "--all")} if yes else {}
    for option, others in only_with.items():
        if not any(given[other] for other in others):
            refuse(option, f"applies only to {' and '.join(others)}")
    for option, there in (("--as", named), ("--into", into), ("--out", out)):
        if all_ and there:
            refuse(option, "does not go with --all")
    if into and out:
        refuse("--out", "name either --into or --out")
    if (into or out) and not named:
        refuse("--as", "name the format")


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
    from perflab.tuning.shipping.edited import edited

    edit = edited(export, into, at, only, kind)
    if edit.before == edit.after:
        tell(f"{into} has these values already; nothing was written")
        return
    say(edit.difference)
    for note in edit.notes:
        tell(f"note: {note}")
    _agree(into, f"Write these values into {into}?", yes=yes)
    edit.write()
    say_written(Path(into))


def _write_all(
    found: Shipped,
    source: Path,
    project: Path | None,
    profile: str | None,
    *,
    yes: bool,
    force: bool,
) -> None:
    """Write all exports that perflab.toml names, after the user agrees to all differences.

    Raises:
        BadInputError: If there is no such file, an export is wrong, or the user does not agree.
    """
    from perflab.errors import BadInputError
    from perflab.files.edits import write_all
    from perflab.project.project_file import NAME, find_project
    from perflab.tuning.shipping.planned import planned

    file = find_project(project, profile)
    if file is None:
        raise BadInputError(f"needs a {NAME} with [exports.NAME] tables in this folder", "--all")
    edits = planned(found, file, source, force=force)
    changed = [edit for edit in edits if edit.before != edit.after]
    same = len(edits) - len(changed)
    if same:
        tell(f"{same} of {counted(len(edits), 'file')} up to date already")
    if not changed:
        return
    say("\n".join(edit.difference for edit in changed))
    for note in dict.fromkeys(note for edit in changed for note in edit.notes):
        tell(f"note: {note}")
    _agree(str(file.path), f"Write {counted(len(changed), 'file')}?", yes=yes)
    write_all(changed)
    for edit in changed:
        say_written(Path(edit.path))


def _agree(place: str, question: str, *, yes: bool) -> None:
    """Ask, unless the user has agreed.

    Raises:
        BadInputError: If the user does not agree, or there is no terminal to ask on.
    """
    from perflab.errors import BadInputError

    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInputError("nothing was written; agree with --yes", place)
    if not confirmed(question):
        raise BadInputError("nothing was written, since you did not agree", place)
