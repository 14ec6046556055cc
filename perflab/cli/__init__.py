"""The same verbs from a shell."""

from perflab.cli.start import main

__all__ = ["main"]
