"""The same verbs from a shell."""

from __future__ import annotations

from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 our fault, 2 the user's, 130 Ctrl-C."""
    try:
        # Takes a while, in which Ctrl-C may come.
        from perflab.cli.app import main as run
    except KeyboardInterrupt:
        return _INTERRUPTED
    return run(arguments)


__all__ = ["main"]
