"""Exit statuses, and one clear line on standard error in place of a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

BROKEN_LIMIT = 1
BAD_INPUT = 2
OUR_FAULT = 3
INTERRUPTED = 130
CLOSED_PIPE = 141

_USAGE_ERRORS = tuple(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
"""What all usage errors are; typer carries its own click or uses the one that is installed."""


class InterruptedCommandError(Exception):
    """Ctrl-C ended a command; the message says what was kept, where the command knows."""


class Commands(TyperGroup):
    """Commands whose interrupts reach `guarded`: typer would end them without a word."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            InterruptedCommandError: If Ctrl-C ended it.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise InterruptedCommandError(str(error)) from None


def guarded(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; nothing but SystemExit comes out of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names in another script must not end a command on a terminal of few characters.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(arguments, prog_name="perflab", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not error.code:  # of --show-completion
            return 0
        # typer makes a SystemExit of a pipe whose reader has gone, and of nothing else here
        _drop_output()
        return CLOSED_PIPE
    except (InterruptedCommandError, KeyboardInterrupt, typer.Abort) as error:
        complain(str(error) or "interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the last stop: told in one line)
        return _tell(error)
    return status if isinstance(status, int) else 0


def complain(message: str) -> None:
    """Write one line to standard error; nothing in it steers a terminal or is a password."""
    from perflab.errors import shown
    from perflab.errors.addresses import without_secrets

    line = " ".join(part.strip() for part in message.splitlines() if part.strip())
    line = shown(without_secrets(line))
    typer.echo(f"perflab: error: {line}", err=True)


def _drop_output() -> None:
    """Send what is left for standard output to nowhere, since nothing takes it any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _tell(error: Exception) -> int:
    from perflab.errors import BadInputError, BrokenLimitError
    from perflab.errors.extras import missing_extra

    if isinstance(error, ModuleNotFoundError):
        error = missing_extra(error, "cli") or error
    if isinstance(error, BadInputError):
        complain(str(error))
        return BROKEN_LIMIT if isinstance(error, BrokenLimitError) else BAD_INPUT
    if isinstance(error, _USAGE_ERRORS):
        context = getattr(error, "ctx", None)
        hint = f" (see '{context.command_path} --help')" if context is not None else ""
        complain(error.format_message().rstrip(".") + hint)  # type: ignore[attr-defined]
        return BAD_INPUT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _drop_output()
        complain(f"the disk is full ({error.filename or 'standard output'}); make room")
        return BAD_INPUT
    if os.environ.get("PERFLAB_DEBUG") == "1":
        traceback.print_exception(error)
    complain(
        f"{type(error).__name__}: {error} (a bug in perflab; PERFLAB_DEBUG=1 shows the traceback)"
    )
    return OUR_FAULT
