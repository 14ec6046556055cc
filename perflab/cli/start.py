"""How the command starts, before anything of it is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_BAD_INPUT = 2
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
    except ModuleNotFoundError as error:
        from perflab.errors.extras import missing_extra

        missing = missing_extra(error, "cli")
        if missing is None:
            raise
        if [*(sys.argv[1:] if arguments is None else arguments)] == ["--version"]:
            from perflab import __version__

            sys.stdout.write(f"perflab {__version__}\n")
            return 0
        sys.stderr.write(f"perflab: error: {missing}\n")
        return _BAD_INPUT
    return run(arguments)
