"""Loggers of the patterns, which print nothing unless the program sets up logging."""

from __future__ import annotations

import logging
import reprlib

_ROOT = logging.getLogger("perflab")
# Without a handler of its own, Python prints warnings of an unconfigured program to stderr.
_ROOT.addHandler(logging.NullHandler())


def pattern_logger(name: str) -> logging.Logger:
    """Return the logger ``perflab.patterns.<name>``, silent until a program adds a handler."""
    return logging.getLogger(f"perflab.patterns.{name}")


def log_failed_load(log: logging.Logger, key: object, seconds: float, error: BaseException) -> None:
    """Log at level INFO that a loader raised; the error itself is its caller's.

    Args:
        log: The pattern's logger.
        key: What was loaded; its text is cut.
        seconds: How long the loader took.
        error: What it raised.
    """
    try:
        if log.isEnabledFor(logging.INFO):
            form = "load of %s failed after %.3f s: %s: %s"
            log.info(form, reprlib.repr(key), seconds, type(error).__name__, error)
    except RecursionError:  # a load that failed at the end of the stack leaves no room to log it
        return
