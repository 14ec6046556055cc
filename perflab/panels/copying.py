"""Texts on a panel with a button that copies them."""

from __future__ import annotations

import html
from importlib.resources import files

import ipywidgets as widgets

_LISTEN = """
{
  %s
  if (!window.perflabCopying) {
    window.perflabCopying = true;
    document.body.classList.add('perflab-copies');
    document.addEventListener('click', event => {
      const button = event.target.closest?.('.perflab-copy');
      const text = button?.closest('.perflab-copied')?.querySelector('pre');
      if (text) copied(button, text);
    });
  }
}
"""
"""The buttons are seen as soon as the page runs it."""


def copying() -> widgets.Output:
    """Return a widget without a look that has the page copy what the buttons say."""
    copied = files("perflab.reports").joinpath("templates", "copied.js").read_text("utf-8")
    data = {"application/javascript": _LISTEN % copied}
    script = {"output_type": "display_data", "data": data}
    heard = widgets.Output(outputs=({**script, "metadata": {}},))
    heard.add_class("perflab-unseen")
    return heard


def to_copy(title: str, text: str) -> str:
    """Return a text with its title, which folds, and a button that copies it; as HTML.

    Args:
        title: What it is.
        text: All of it.
    """
    named, shown = html.escape(title, quote=True), html.escape(text)
    return (
        f"<details class='perflab-copied'><summary>{named}</summary>"
        f"<button type='button' class='perflab-copy' aria-label='Copy {named}'"
        f" title='Copy {named}.'>Copy</button>"
        f"<pre tabindex='0' role='group' aria-label='{named}'>{shown}</pre></details>"
    )


def copy_button(word: str, tooltip: str, text: str) -> str:
    """Return a button that copies a text which is not shown; as HTML.

    Args:
        word: On the button.
        tooltip: What it does, in a sentence.
        text: What is copied; without one there is no button.
    """
    if not text:
        return ""
    return (
        f"<span class='perflab-copied'><button type='button' class='perflab-copy'"
        f" title='{html.escape(tooltip, quote=True)}'>{html.escape(word)}</button>"
        f"<pre aria-hidden='true'>{html.escape(text)}</pre></span>"
    )
