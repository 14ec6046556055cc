"""`perflab lab`: JupyterLab on the notebooks, for this machine only."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from perflab.cli.output import tell

_EXAMPLES = """\b
Examples:
  perflab lab
  perflab lab my-notebooks --port 8899 --no-browser
"""

UPLOAD_BYTES = 200 * 2**20
_MESSAGE_BYTES = UPLOAD_BYTES + 2**25
"""An upload is one message of the browser: its bytes and a little about them."""

_PACKAGE = Path(__file__).resolve().parents[1]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lab", short_help="Open the notebooks in JupyterLab.", epilog=_EXAMPLES)(lab)


def lab(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="Folder for the notebooks: copied there if missing, never overwritten. If not "
            "given: ./perflab-notebooks, or those of a source checkout as they are.",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; a free one if not given.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")
    ] = False,
) -> None:
    """Open the notebooks in JupyterLab, on this machine only and with a token."""
    from perflab.errors.extras import needs

    needs("jupyterlab", "ipywidgets", extra="lab")
    opened = prepare_notebooks(folder)
    command = lab_command(opened, port, browser=not no_browser)
    tell(f"opening {opened}; Ctrl-C twice ends it")
    os.execv(command[0], command)  # noqa: S606  (no shell, our own words)


def lab_command(folder: Path, port: int | None, *, browser: bool) -> list[str]:
    """Return the command that opens a folder in JupyterLab.

    Loopback only, with the token that the server makes; messages may be as large as an upload
    of 200 MiB, and a run's pictures do not stop at the usual data rate. The settings of tornado
    are one literal, since KEY=VALUE would make texts of numbers.
    """
    command = [
        sys.executable,
        "-P",  # no module of the working folder is run
        "-m",
        "jupyterlab",
        str(folder),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {_MESSAGE_BYTES}}}",
        f"--ServerApp.max_buffer_size={2 * _MESSAGE_BYTES}",
        f"--ZMQChannelsWebsocketConnection.iopub_data_rate_limit={_MESSAGE_BYTES}",
        "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=10000",
    ]
    if port is not None:
        command.append(f"--ServerApp.port={port}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Containers have no other user; what a notebook may do, this very command may do too.
        command.append("--allow-root")
    return command


def prepare_notebooks(folder: Path | None) -> Path:
    """Return the folder to open, with the notebooks in it.

    Raises:
        BadInputError: If there are no notebooks, or the folder cannot be written.
    """
    from perflab.errors import BadInputError

    shipped = _PACKAGE / "_shipped" / "notebooks"
    checkout = _PACKAGE.parent / "notebooks"
    source = shipped if shipped.is_dir() else checkout
    if not source.is_dir():
        raise BadInputError("the notebooks are missing; install perflab again", str(shipped))
    if folder is None and source == checkout:
        return checkout
    target = folder or Path("perflab-notebooks")
    try:
        copied = _copy_missing(source, target)
    except OSError as error:
        raise BadInputError(f"cannot be written ({error.strerror})", str(target)) from None
    if copied:
        tell(f"put {copied} files into {target}")
    return target.resolve()


def _copy_missing(source: Path, target: Path) -> int:
    """Copy files that are not there yet, each whole or not at all, and return how many."""
    from perflab.files import whole_path

    copied = 0
    for file in sorted(source.rglob("*")):
        relative = file.relative_to(source)
        hidden = any(part.startswith((".", "__")) for part in relative.parts)
        place = target / relative
        if hidden or not file.is_file() or os.path.lexists(place):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            with whole_path(place, new=True) as scratch:
                shutil.copyfile(file, scratch)
            copied += 1
    target.mkdir(parents=True, exist_ok=True)
    return copied
