"""`show_panel`: a panel as its cell's output, with the still picture behind it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from perflab.panels.still.output import StillOutput
from perflab.panels.still.unattended import is_unattended

UNATTENDED_SECONDS = 60.0
"""How long a cell without a reader waits for a panel's first answer."""


def show_panel(
    panel: widgets.Widget,
    sentence: Callable[[], str],
    still: StillOutput,
    wait: Callable[[float], None],
    *,
    guest: bool = False,
) -> None:
    """Show a panel.

    Args:
        panel: What is shown.
        sentence: Returns what it is, in words, for where it cannot be shown.
        still: Its still picture; a guest's panel has none.
        wait: Waits for so many seconds at most until the panel has its first answer.
        guest: Whether it is a guest's.
    """
    from IPython.display import display

    if is_unattended() and not guest:
        # What threads draw after their cell has ended is not part of what such a program keeps.
        wait(UNATTENDED_SECONDS)
    bundle = panel._repr_mimebundle_()
    bundle["text/plain"] = sentence()
    display(bundle, raw=True)
    if not guest:
        still.show()
