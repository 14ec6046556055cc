"""How the command starts, before anything of it is loaded."""

from __future__ import annotations

from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    0 held; 1 a limit or alert is broken; 2 bad usage or input; 3 our fault; 130 Ctrl-C.
    """
    try:
        # Takes a while, in which Ctrl-C may come.
        from perflab.cli.app import main as run
    except KeyboardInterrupt:
        return _INTERRUPTED
    return run(arguments)
