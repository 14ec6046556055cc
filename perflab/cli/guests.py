"""`perflab app`: the panel alone, for colleagues who have a browser and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.inputs import read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Format,
    LogFormat,
    NoHeader,
    Pattern,
    Separator,
    Set,
    ShowProgress,
    TimeUnit,
    Workload,
    Yes,
)
from perflab.cli.output import tell
from perflab.cli.project import Profile, Project, agree_to_backend, input_of, read_given

LOOPBACK = "127.0.0.1"

_EXAMPLES = """\b
Examples:
  perflab app cache --workload access.log
  perflab app connection_pool --set max_connections=20 --port 8866 --no-browser
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app", short_help="Serve one panel to colleagues.", epilog=_EXAMPLES)(serve_panel)


def serve_panel(
    pattern: Pattern = None,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    set_: Set = None,
    project: Project = None,
    profile: Profile = None,
    ip: Annotated[
        str, typer.Option("--ip", help="The address to listen on; this machine only if not given.")
    ] = LOOPBACK,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; a free one if not given.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")
    ] = False,
    yes: Yes = False,
    show: ShowProgress = None,
) -> None:
    """Serve the panel of a pattern as a page of its own, until Ctrl-C.

    Each browser tab has a kernel. Who has the address, with its token, can move sliders, run,
    compare and download a report; paths, servers, backends and folders stay as given here.
    """
    from perflab.errors.extras import needs
    from perflab.servers.keeper import Keeper

    needs("voila", "ipywidgets", extra="app")
    given = read_given(pattern, set_, project, profile)
    agree_to_backend(given, yes)
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source, kind, how = input_of(given, workload, format_, reading, yes=yes)
    check_lasting(source)
    free_port(ip, port or 0)
    read_workload(source, show, kind, how, given.bench, given.settings)
    from perflab.cli.voila_server import serve

    keeper = Keeper.of_new_folder("perflab-app-")
    try:
        page, kernels = keeper.folder / "page", keeper.folder / "kernels"
        for folder in (page, kernels):
            folder.mkdir()
        notebook = page / f"perflab-{given.bench.identity.pattern}.ipynb"
        arguments = (given.bench.identity.pattern, source, dict(given.settings))
        places = (str(Path.cwd()), str(keeper.folder / "turn"))
        text = notebook_text(given.bench.identity.title, arguments, kind, how, *places)
        notebook.write_text(text, encoding="utf-8")
        # Reading may have taken a while, in which another program has begun to listen.
        free = free_port(ip, port or 0)
        serve(notebook, kernels, ip, free, browser=not no_browser, tell=tell)
    finally:
        keeper.release()


def check_lasting(workload: str | None) -> None:
    """Refuse a workload that is read only once, such as a pipe.

    Raises:
        BadInputError: If it is one.
    """
    from perflab.errors import BadInputError
    from perflab.files.places import place_of

    place = None if workload is None else place_of(workload)
    if place is not None and place.status is not None and not (place.is_file or place.is_folder):
        told = "is not a file; each page reads the workload for itself, so name one that stays"
        raise BadInputError(told, workload)


def free_port(ip: str, port: int) -> int:
    """Return the port to listen on; a free one for 0.

    Raises:
        BadInputError: If nothing can listen there.
    """
    from perflab.errors import BadInputError

    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.create_server((ip, port), family=family) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        told = f"nothing can listen there ({error.strerror or error}); name another --port or --ip"
        raise BadInputError(told, f"{ip}:{port}") from None


def notebook_text(
    title: str,
    arguments: tuple[str, str | None, dict[str, object]],
    format_: str | None,
    columns: Mapping[str, str] | None,
    folder: str,
    turn: str,
) -> str:
    """Return the notebook whose only cell shows the panel to guests.

    Args:
        title: Of the pattern.
        arguments: Pattern, workload and settings.
        format_: The file's format.
        columns: Which columns of it to read, and how.
        folder: The folder that relative paths start from.
        turn: The file by which pages measure one at a time.
    """
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    named: dict[str, object] = {"format_": format_, "columns": columns and dict(columns)}
    named |= {"folder": folder, "turn": turn}
    words = [*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())]
    code = f"from perflab.panels.guests.opening import app_panel\n\napp_panel({', '.join(words)})"
    made = new_notebook(cells=[new_code_cell(code, id="perflab-app")])
    made.metadata["title"] = f"perflab: {title.lower()}"
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return str(nbformat.writes(made)) + "\n"
