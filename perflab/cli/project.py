"""The options that name a `perflab.toml`, and what commands take from it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.options import check_out, parse_assignments
from perflab.cli.output import tell

if TYPE_CHECKING:
    from perflab.bench import AnyBench
    from perflab.project.given import Given
    from perflab.project.project_file import ProjectFile
    from perflab.settings import LoadSettings

Project = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="FILE",
        help="The file with settings, workload and limits; perflab.toml of this folder where not "
        "given and there is one.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="A profile of that file, which overrules its main part.",
        autocompletion=completion.profiles,
    ),
]


def read_given(
    pattern: str | None,
    set_: Iterable[str] | None,
    project: Path | None,
    profile: str | None,
) -> Given:
    """Return what options, environment and file say, and tell on standard error which did.

    Raises:
        BadInputError: If one of them is wrong, or none names a pattern.
    """
    from perflab.project.given import given_for
    from perflab.project.project_file import find_project

    found = given_for(pattern, parse_assignments(set_), find_project(project, profile))
    for remark in found.remarks:
        tell(f"note: {remark}")
    return found


def input_of(
    given: Given,
    name: str | None,
    format_: str | None,
    reading: dict[str, str] | None,
    *,
    yes: bool = False,
) -> tuple[str | None, str | None, dict[str, str] | None]:
    """Return workload, format and reading: what options say, else all three as the file says.

    Args:
        given: What a command works with.
        name: The workload that an option names.
        format_: Its format.
        reading: How it is read.
        yes: Whether the user agrees to functions that a file names.

    Raises:
        BadInputError: If what the file says of reading is wrong, or a workload is made by a
            function that a file names, and nobody agreed.
    """
    if not yes:
        refuse_functions(given.bench, given.settings, given.sources, given.from_file)
    return input_of_file(given.file, name, format_, reading)


def input_of_file(
    file: ProjectFile | None,
    name: str | None,
    format_: str | None,
    reading: dict[str, str] | None,
) -> tuple[str | None, str | None, dict[str, str] | None]:
    """Return workload, format and reading: what options say, else all three as a file says.

    Raises:
        BadInputError: If what the file says of reading is wrong.
    """
    if name is not None or file is None or file.workload is None:
        return name, format_, reading
    known_format, known = file.reading()
    return (
        file.workload,
        format_ or known_format,
        {**(known or {}), **(reading or {})} or None,
    )


def check_output_of(out: Path | None, workload: str | None, given: Given, *, force: bool) -> None:
    """Refuse an output that cannot be written or is an input, before any long work is done.

    Raises:
        BadInputError: With the reason.
    """
    named = [f"{key}={value}" for key, value in given.settings.items() if isinstance(value, str)]
    if given.file is not None:
        named.append(f"={given.file.path}")
    check_out(out, workload, named, force=force)


def agree_to_backend(given: Given, yes: bool) -> None:
    """Ask before a function is called that a file named: a file is data and agrees to nothing.

    Raises:
        BadInputError: If the user does not agree, or there is no terminal to ask on.
    """
    if given.from_file("backend"):
        agree_to_call(given.bench.read(given.settings)[1], given.sources["backend"], yes)


def refuse_functions(
    bench: AnyBench,
    settings: Mapping[str, object],
    sources: Mapping[str, str],
    in_file: Callable[[str], bool],
) -> None:
    """Refuse functions which a file names and predictions import, too, such as one that has rows.

    Args:
        bench: Whose settings.
        settings: What a command works with, by key.
        sources: Where each was given.
        in_file: Says of a key whether a file names it.

    Raises:
        BadInputError: If there is one.
    """
    from perflab.errors import BadInputError

    for key in bench.live.functions:
        value = settings.get(key)
        if in_file(key) and bench.names_function(key, value):
            told = (
                f"is named in {sources[key]}, which agrees to nothing; --set {key}={value} lets it "
                "be imported"
            )
            raise BadInputError(told, str(value))


def agree_to_call(load: LoadSettings, place: str, yes: bool) -> None:
    """Ask before a backend is called that is a function which a file names.

    Args:
        load: With the backend.
        place: The file, in words.
        yes: Whether the user has agreed already.

    Raises:
        BadInputError: If the user does not agree, or there is no terminal to ask on.
    """
    if yes or not load.calls_function:
        return
    from perflab.cli.asking import confirmed
    from perflab.errors import BadInputError

    if not sys.stdin.isatty():
        told = f"is named in {place}, which agrees to nothing; --yes lets a run call it"
        raise BadInputError(told, load.backend_name)
    tell(f"A run imports and calls {load.backend_name}, which {place} names.")
    if not confirmed("Agree?"):
        raise BadInputError("is not called, since you did not agree", load.backend_name)
