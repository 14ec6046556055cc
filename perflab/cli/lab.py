"""`perflab lab`: JupyterLab on the notebooks, for this machine only."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from perflab.cli.output import tell

_EXAMPLES = """\b
Examples:
  perflab lab
  perflab lab my-notebooks --port 8899 --no-browser
  perflab lab my-notebooks/04_connection_pool.ipynb
"""

UPLOAD_BYTES = 200 * 2**20
MESSAGE_BYTES = UPLOAD_BYTES + 2**25
"""An upload is one message of the browser: its bytes and a little about them."""

START = "00_start_here.ipynb"

_PACKAGE = Path(__file__).resolve().parents[1]
_JUPYTER_CONFIG = Path(__file__).resolve().parent / "jupyter"
"""Holds JupyterLab's defaults as they are for notebooks with panels; a user's settings win."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lab", short_help="Open the notebooks in JupyterLab.", epilog=_EXAMPLES)(lab)


def lab(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER|NOTEBOOK]",
            help="Folder for the notebooks: copied there if missing, never overwritten. If not "
            "given: ./perflab-notebooks, or those of a source checkout as they are. Or the "
            "notebook to open; its folder is left as it is.",
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
    opened, notebook = what_to_open(folder)
    command = lab_command(opened, port, browser=not no_browser, notebook=notebook)
    tell(f"opening {opened / notebook if notebook else opened}; Ctrl-C twice ends it")
    os.execve(command[0], command, lab_environment())  # noqa: S606  (no shell, our own words)


def what_to_open(wanted: Path | None) -> tuple[Path, str]:
    """Return the folder to serve, and the name of the notebook to open in it.

    A notebook that was named is opened, else the one to start with, where the folder has it.

    Args:
        wanted: A folder, a notebook, or None.

    Raises:
        BadInputError: If the notebook is missing, or as `prepare_notebooks`.
    """
    from perflab.errors import BadInputError

    if wanted is not None and wanted.suffix == ".ipynb" and not wanted.is_dir():
        if not wanted.is_file():
            raise BadInputError("there is no such notebook; check the spelling", str(wanted))
        # Where a link stands, not where it leads: beside it are the user's other files.
        return wanted.parent.resolve(), wanted.name
    folder = prepare_notebooks(wanted)
    return folder, START if (folder / START).is_file() else ""


def lab_environment() -> dict[str, str]:
    """Return the environment of JupyterLab: this one, and where its defaults are.

    They show whole names in the file browser, ask no question about news and look for no updates.
    """
    before = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = [path for path in (before, str(_JUPYTER_CONFIG)) if path]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}


def lab_command(folder: Path, port: int | None, *, browser: bool, notebook: str = "") -> list[str]:
    """Return the command that opens a folder in JupyterLab, and one of its notebooks.

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
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {MESSAGE_BYTES}}}",
        f"--ServerApp.max_buffer_size={2 * MESSAGE_BYTES}",
        f"--ZMQChannelsWebsocketConnection.iopub_data_rate_limit={MESSAGE_BYTES}",
        "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=10000",
    ]
    if notebook:
        command.append(f"--LabApp.default_url=/lab/tree/{quote(notebook)}")
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
