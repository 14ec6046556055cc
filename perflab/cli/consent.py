"""Asks once before a server is used that is not perflab's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perflab.cli.asking import confirmed
from perflab.cli.output import tell

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench


def agree(bench: AnyBench, settings: Mapping[str, object], yes: bool) -> None:
    """Ask the user to agree to the servers that a run would use, unless that was done before.

    How often a function of theirs is called at the most is said on standard error.

    Args:
        bench: Whose run it is.
        settings: The settings that the user gave.
        yes: Whether the user has said so with ``--yes``.

    Raises:
        BadInputError: If the user does not agree, or there is no terminal to ask on.
    """
    from perflab.servers.call_cap import is_there
    from perflab.servers.consent import ConsentNeededError, allow, not_allowed

    checked = bench.read(settings)
    if (notice := bench.live.notice(*checked)) is not None and is_there(checked[1]):
        tell(f"note: {notice}")
    missing = not_allowed(bench.foreign_servers(checked[0]))
    if not missing:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise ConsentNeededError(missing)
        for server in missing:
            tell(server.question)
        if not confirmed("Agree?" if len(missing) == 1 else f"Agree to all {len(missing)}?"):
            from perflab.errors import BadInputError

            raise BadInputError("is not used, since you did not agree", missing[0].address)
    allow(*missing)
