"""`is_unattended`: whether a cell is run by a program, and nobody watches a panel."""

from __future__ import annotations


def is_unattended() -> bool:
    """Say whether the present cell was sent by nbconvert, papermill or another such program.

    They tell the kernel that nobody can be asked for input. Where a person runs cells, the page
    offers that, and in plain Python there is no cell.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if not hasattr(shell, "get_parent"):
        return False
    return shell.get_parent().get("content", {}).get("allow_stdin", True) is False
