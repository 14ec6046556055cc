"""The `perflab` command: its subcommands, and what is heavy is loaded by none before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from perflab.cli import (
    advise,
    apply,
    calibrate,
    check,
    compare,
    completion,
    doctor,
    export,
    guests,
    init,
    lab,
    new,
    predict,
    report,
    run,
    settings,
    trace,
    tune,
)
from perflab.cli.errors import Commands, guarded

_EXAMPLES = """\b
Examples:
  perflab advise access.log
  perflab predict cache --sweep max_cache_size=10..100k*20
  perflab run cache --set max_cache_size=2k --seconds 5 --out run.json
  perflab tune cache --limit 'memory_bytes<=64MiB' --out best.json
  perflab report run.json best.json --out report.html
  perflab lab
"""

app = typer.Typer(
    name="perflab",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    0 held; 1 a limit or an alert is broken; 2 bad usage or input; 3 our fault; 130 Ctrl-C.
    """
    if completion.is_asked():
        return completion.answer(app)
    return guarded(app, arguments)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"perflab {version('perflab')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=_EXAMPLES)
def perflab(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Try performance settings before you ship them: predict, run, tune, report."""
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


_COMMANDS = (
    *(advise, predict, run, tune, check, export, apply, calibrate, settings),
    *(report, compare, init, new, guests, lab, doctor),
)
for command in _COMMANDS:
    command.register(app)
trace.register(app)
