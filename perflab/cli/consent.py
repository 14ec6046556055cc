"""Asks once before a server is used that is not perflab's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from perflab.benches.base import Bench


def agree(bench: Bench, settings: Mapping[str, Any], yes: bool) -> None:
    """Ask the user to agree to the server that a run would use, unless that was done before.

    Args:
        bench: Whose run it is.
        settings: The settings that the user gave.
        yes: Whether the user has said so with ``--yes``.

    Raises:
        BadInputError: If the user does not agree, or there is no terminal to ask on.
    """
    checked, _ = bench.read(settings)
    address = bench.foreign_server(checked)
    if address is None:
        return
    from perflab.servers.consent import allow, is_allowed
    from perflab.settings.errors import BadInputError

    if is_allowed(address):
        return
    what = f"is not perflab's server; a run puts load on it and writes {bench.written(checked)}"
    if not yes:
        if not sys.stdin.isatty():
            raise BadInputError(f"{what}; agree to that once with --yes", address)
        if not _confirmed(f"{address} {what}. Use it?"):
            raise BadInputError("is not used, since you did not agree", address)
    allow(address)


def _confirmed(question: str) -> bool:
    """Ask on standard error alone: the prompts of click leave a blank on standard output."""
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
