"""The same verbs from a shell."""

from perflab.cli.app import main

__all__ = ["main"]
