"""`StillOutput`: a second output of the panel's cell, seen where the panel itself is not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

_HIDES = """<style>
.jp-OutputArea-child:has(.perflab) + .jp-OutputArea-child:has(img),
.output_subarea:has(.perflab) + .output_subarea:has(img) {display: none}
</style>"""
"""Alive with the panel: where its widgets are not shown, this is not either."""


class StillOutput:
    """The picture, with numbers in words for who sees none.

    Args:
        picture: Returns the panel's picture as PNG; empty where there is none yet.
        words: Returns it in words.

    Attributes:
        widget: What hides the picture while the panel is alive.
        has_numbers: Whether it was updated since it was first shown, when nothing is known yet.
    """

    def __init__(self, picture: Callable[[], bytes], words: Callable[[], str]) -> None:
        self._picture, self._words = picture, words
        self._handle: Any = None
        self.has_numbers = False
        self.widget = widgets.HTML(_HIDES)
        self.widget.layout.display = "none"

    def show(self) -> None:
        """Put it below the panel; called when the panel's cell runs."""
        from IPython.display import display

        self._handle = display(self._bundle(), raw=True, display_id=True)

    def update(self) -> None:
        """Show the panel as it is now; nothing where the cell has not run."""
        if self._handle is not None:
            self.has_numbers = True
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        picture = self._picture()
        bundle = {"text/plain": self._words()}
        if picture:
            bundle["image/png"] = base64.b64encode(picture).decode("ascii")
        return bundle
