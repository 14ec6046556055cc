"""`Measure`: what a page tells a panel of its width and its screen, and does for it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from perflab.panels.frame import Frame

_LISTEN = """
if (!window.perflabMeasure) {
  window.perflabMeasure = true;
  const waiting = new WeakMap();
  const tell = panel => {
    const input = panel.querySelector('.perflab-measure input');
    const width = panel.clientWidth;
    if (!input || !width) return;
    const theme = document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light';
    const said = `${width} ${window.devicePixelRatio} ${theme}`;
    if (input.value === said) return;
    input.value = said;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const soon = panel => {
    clearTimeout(waiting.get(panel));
    waiting.set(panel, setTimeout(() => tell(panel), 120));
  };
  const seen = new WeakSet();
  const sizes = new ResizeObserver(entries => entries.forEach(entry => soon(entry.target)));
  const all = () => document.querySelectorAll('.perflab');
  const look = () => all().forEach(panel => {
    if (seen.has(panel) || !panel.querySelector('.perflab-measure input')) return;
    seen.add(panel);
    sizes.observe(panel);
  });
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
  new MutationObserver(() => all().forEach(soon))
    .observe(document.body, { attributeFilter: ['data-jp-theme-light'] });
  const finer = () => {
    matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener('change', () => {
      all().forEach(soon);
      finer();
    }, { once: true });
  };
  finer();
  document.addEventListener('click', event => {
    const panel = event.target.closest?.('button.perflab-calls')?.closest('.perflab');
    const look = left => {
      const card = panel.querySelector('.perflab-tab-panel .perflab-card');
      if (card?.offsetParent) card.scrollIntoView({ block: 'nearest' });
      else if (left) setTimeout(() => look(left - 1), 150);
    };
    if (panel) look(20);
  });
  document.addEventListener('pointerdown', event => {
    const at = event.target;
    const open = at.closest?.('.perflab')?.querySelector('.perflab-picks.mod-active');
    if (open && !at.closest('.perflab-over, .perflab-picks, .perflab-top')) open.click();
  });
  document.addEventListener('keydown', event => {
    const panel = event.target.closest?.('.perflab');
    if (event.key !== 'Escape' || !panel || event.target.matches('input, textarea, select')) return;
    const open = '.perflab-picks.mod-active, .perflab-enlarge.mod-active';
    const button = panel.querySelector(open);
    if (!button) return;
    event.stopPropagation();
    button.click();
  }, true);
}
"""
"""Width and pixel ratio go into the field, once they rest. Escape closes
the picker, or lets an enlarged chart go; so does a press below an open picker. A card
that a button calls, in a tab below the charts, is scrolled to as far as it must be to be seen."""


class Measure:
    """A field that nobody sees, into which the page writes; where it runs no script, nothing comes.

    A page may hold several views of a panel; the one whose size changed last counts.

    Args:
        told: Called with the room of the panel, each time that it is another.

    Attributes:
        widgets: What must stand in the panel.
    """

    def __init__(self, told: Callable[[Frame], None]) -> None:
        self._told = told
        self._last: Frame | None = None
        self.field = widgets.Text(continuous_update=False)
        self.field.add_class("perflab-measure")
        self.field.add_class("perflab-unseen")
        script = {"output_type": "display_data", "data": {"application/javascript": _LISTEN}}
        heard = widgets.Output(outputs=({**script, "metadata": {}},))
        heard.add_class("perflab-unseen")
        self.widgets = (self.field, heard)
        self.field.observe(lambda change: self._take(change["new"]), "value")

    def _take(self, text: str) -> None:
        frame = Frame.read(text)
        if frame is not None and frame != self._last:
            self._last = frame
            self._told(frame)
