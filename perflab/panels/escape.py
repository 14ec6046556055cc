"""`escape_key`: Escape in a field brings back what stood there, as in any other program."""

from __future__ import annotations

import ipywidgets as widgets

_LISTEN = """
if (!window.perflabEscape) {
  window.perflabEscape = true;
  const field = event => event.target.matches?.('.perflab input') ? event.target : null;
  document.addEventListener('focusin', event => {
    const input = field(event);
    if (input) input.dataset.perflabBefore = input.value;
  });
  document.addEventListener('keydown', event => {
    const input = event.key === 'Escape' ? field(event) : null;
    if (!input) return;
    event.stopPropagation();
    if (!input.closest('.perflab-wrong')) {
      input.value = input.dataset.perflabBefore ?? input.value;
      return;
    }
    // Those of fields that are right, or not shown, have no place.
    const button = around => [...around.querySelectorAll('button.perflab-restore')]
      .find(each => each.offsetParent);
    let around = input;
    while (around && !button(around)) around = around.parentElement;
    if (around) button(around).click();
  }, true);
}
"""
"""ipywidgets tells its kernel of no key. Where a page runs no script, the button is there."""


def escape_key() -> widgets.Output:
    """Return a widget without a look that has the page listen for Escape in a panel's fields."""
    script = {"output_type": "display_data", "data": {"application/javascript": _LISTEN}}
    heard = widgets.Output(outputs=({**script, "metadata": {}},))
    heard.add_class("perflab-unseen")
    return heard
