"""`perflab new`: a notebook of one's own, on one's own workload."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from perflab.cli.output import say_written
from perflab.cli.project import Profile, Project, input_of, read_given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.bench.base import AnyBench

_EXAMPLES = """\b
Examples:
  perflab new cache --workload access.log
  perflab new connection_pool --set max_connections=20 --out pool.ipynb
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new", short_help="Write a notebook for your workload.", epilog=_EXAMPLES)(new)


def new(
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
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE.ipynb",
            help="The notebook; a new name, such as cache.ipynb, where not given.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    show: ShowProgress = None,
) -> None:
    """Write a notebook with the panel, a recommendation and a report, on your own workload.

    The workload is read once beforehand, so that nothing is written for one that is wrong. The
    cell with workload and settings is tagged for papermill: others can be passed from outside.
    """
    from perflab.errors import BadInputError
    from perflab.errors.extras import needs
    from perflab.files import free_names, place_of, write_text

    needs("nbformat", "ipywidgets", extra="lab")
    given = read_given(pattern, set_, project, profile)
    bench = given.bench
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source, kind, how = input_of(given, workload, format_, reading)
    name = out or next(
        each for each in free_names(Path(f"{bench.identity.pattern}.ipynb")) if not each.exists()
    )
    place = place_of(name)
    if place.is_folder or (place.is_file and not force):
        told = "is a folder; name a file" if place.is_folder else "is there; --force replaces it"
        raise BadInputError(told, str(name))
    read_workload(source, show, kind, how, bench, given.settings)
    text = notebook_text(bench, source, kind, how, given.settings)
    say_written(write_text(name, text))


def notebook_text(
    bench: AnyBench,
    workload: str | None,
    format_: str | None,
    columns: Mapping[str, str] | None,
    settings: Mapping[str, object],
) -> str:
    """Return the notebook, in nbformat 4.5.

    Args:
        bench: Whose panel.
        workload: A file's path or a name with parameters; none for the bench's own.
        format_: The file's format.
        columns: Which columns of it to read, and how.
        settings: Of the pattern and of the load.
    """
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    identity = bench.identity
    told = workload or f"`{bench.default_workload}`, which comes with perflab"
    plan = "import perflab\n\nloaded = workload"
    if workload is not None and (format_ is not None or columns):
        plan = _reading(identity.pattern, format_, columns)
    cells = [
        new_markdown_cell(f"# {identity.title}\n\n{identity.question}\n\nWorkload: {told}"),
        new_code_cell(
            f"workload = {workload!r}\nsettings = {dict(settings)!r}",
            metadata={"tags": ["parameters"]},
        ),
        new_markdown_cell(
            "Move sliders: the prediction follows at once. *Run* measures what the settings do, "
            "*Recommend* looks for better ones, *Export report* writes a page to send."
        ),
        new_code_cell(f"{plan}\nperflab.workbench({identity.pattern!r}, loaded, settings)"),
        new_markdown_cell("The same in code: what to ship, and why."),
        new_code_cell(
            f"best = perflab.tune({identity.pattern!r}, loaded, settings=settings)\n"
            "print(best.reason)"
        ),
        new_code_cell(f'perflab.report([best], "{identity.pattern}-report.html")'),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"perflab-{number}"
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return str(nbformat.writes(made)) + "\n"


def _reading(pattern: str, format_: str | None, columns: Mapping[str, str] | None) -> str:
    """Return the lines that read a file as the options say, into a workload of the pattern's."""
    how = f"{format_!r}, {None if columns is None else dict(columns)!r}"
    return (
        "import perflab\nfrom perflab.bench import load_bench\n\n"
        f"bench = load_bench({pattern!r})\n"
        f"loaded = bench.workload_for(bench.read(settings)[0], workload, {how})"
    )
