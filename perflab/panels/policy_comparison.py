"""The line that says how the compared lines stand at the present settings."""

from __future__ import annotations

import html

import ipywidgets as widgets

from perflab.tuning.standing import Standing


class PolicyComparison:
    """Hidden where a bench compares nothing."""

    def __init__(self) -> None:
        self.widget = widgets.HTML(layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-standing")

    @property
    def text(self) -> str:
        """What is said, as HTML."""
        return str(self.widget.value)

    def show(self, standing: Standing | None) -> None:
        """Show a standing; it is sent only when it changes."""
        words = [html.escape(word) for word in standing.words()] if standing else []
        shown = " · ".join([f"<b>{words[0]}</b>", *words[1:]]) if words else ""
        if shown != self.widget.value:
            self.widget.value = shown
            self.widget.layout.display = None if shown else "none"
