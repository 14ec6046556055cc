"""`kept_in_view`: Run All leaves the panel in view, and not the notebook's last cell."""

from __future__ import annotations

import time

import ipywidgets as widgets

FRESH_SECONDS = 60.0
"""A page that is loaded later shows where its reader was, and does not move."""

_SCROLL = """
const shown = element => element.getClientRects().length > 0;
const look = tries => {
  const panel = element.closest('.perflab');
  if (!panel || !shown(panel)) {
    if (tries > 0) setTimeout(() => look(tries - 1), 200);
    return;
  }
  const page = panel.closest('.jp-WindowedPanel-outer, .jp-Notebook') ?? document.documentElement;
  const at = panel.getBoundingClientRect(), around = page.getBoundingClientRect();
  const top = Math.max(around.top, 0), bottom = Math.min(around.bottom, innerHeight);
  if (at.top < top - 4 || at.top > bottom - 200) panel.scrollIntoView({block: 'start'});
};
if (Math.abs(Date.now() / 1000 - MADE) < FRESH) look(20);
"""


def kept_in_view() -> widgets.Output:
    """Return a widget without a look that has the page scroll to its panel, once, if it is new.

    Where the panel's beginning is in view already, as after one cell was run, nothing moves.
    """
    script = _SCROLL.replace("MADE", str(round(time.time()))).replace(
        "FRESH", str(round(FRESH_SECONDS))
    )
    data = {"output_type": "display_data", "data": {"application/javascript": script}}
    heard = widgets.Output(outputs=({**data, "metadata": {}},))
    heard.add_class("perflab-unseen")
    return heard
