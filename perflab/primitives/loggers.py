"""Loggers of the patterns, which print nothing unless the program sets up logging."""

from __future__ import annotations

import logging

_ROOT = logging.getLogger("perflab")
# Without a handler of its own, Python prints warnings of an unconfigured program to stderr.
_ROOT.addHandler(logging.NullHandler())


def pattern_logger(name: str) -> logging.Logger:
    """Return the logger ``perflab.patterns.<name>``, silent until a program adds a handler."""
    return logging.getLogger(f"perflab.patterns.{name}")
