"""`accessible`: what a panel says to who does not see it, or has no mouse."""

from __future__ import annotations

import ipywidgets as widgets

_LISTEN = r"""
if (!window.perflabAccessible) {
  window.perflabAccessible = true;
  const put = (element, name, value) => {
    if (element && value && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const controlOf = element => element?.closest?.('.perflab-control');
  const reasonOf = control => {
    const grey = control?.classList.contains('perflab-overruled');
    return grey ? `${control.querySelector('.perflab-reason')?.textContent.trim()}. ` : '';
  };
  const helpOf = element => {
    const control = controlOf(element);
    const from = element.closest('[title]') ?? labelOf(control);
    return from?.title ? reasonOf(control) + from.title : '';
  };
  const labelOf = control => control?.querySelector('.perflab-label span[title]');
  const sliderText = (handle, exact) => {
    const control = controlOf(handle);
    const field = control?.querySelector('input[type=text]');
    const stops = labelOf(control)?.dataset.perflabStops?.split('|');
    const stop = stops?.[Math.round(Number(handle.getAttribute('aria-valuenow')))];
    put(handle, 'aria-valuetext', exact && field?.value || stop);
  };
  const name = panel => {
    for (const control of panel.querySelectorAll('.perflab-control')) {
      const label = labelOf(control);
      const text = label?.textContent.replace(/\s+/g, ' ').trim();
      for (const each of control.querySelectorAll('input[type=text], select, .noUi-handle')) {
        put(each, 'aria-label', text);
      }
      for (const handle of control.querySelectorAll('.noUi-handle')) {
        put(handle, 'aria-description', helpOf(handle));
        put(handle, 'aria-disabled', String(control.classList.contains('perflab-overruled')));
        sliderText(handle, true);
      }
      const buttons = control.querySelector('.widget-toggle-buttons > div:last-of-type');
      put(buttons, 'role', 'group');
      put(buttons, 'aria-label', text);
    }
    for (const row of panel.querySelectorAll('.perflab-chips')) {
      put(row, 'role', 'group');
      put(row, 'aria-label', row.parentElement.querySelector('.perflab-label')?.textContent.trim());
    }
    const fields = ':is(input, select, textarea)[title]:not([aria-label])';
    for (const field of panel.querySelectorAll(fields)) {
      const label = field.labels?.[0];
      if (!label || label.style.display === 'none') {
        put(field, 'aria-label', field.title.split(/, such as|[.;]/)[0]);
      }
    }
    for (const button of panel.querySelectorAll('button.jupyter-button')) {
      if (!button.textContent.trim()) put(button, 'aria-label', button.title);
    }
    const states = { 'perflab-fold': 'aria-expanded', 'perflab-tab': 'aria-selected' };
    for (const button of panel.querySelectorAll('.widget-toggle-button')) {
      const own = Object.keys(states).find(each => button.classList.contains(each));
      put(button, states[own] ?? 'aria-pressed', String(button.classList.contains('mod-active')));
    }
    for (const bar of panel.querySelectorAll('.perflab-tabs')) {
      put(bar, 'role', 'tablist');
      put(bar, 'aria-label', 'More of this panel');
      for (const tab of bar.children) {
        put(tab, 'role', 'tab');
        put(tab, 'tabindex', tab.classList.contains('mod-active') ? '0' : '-1');
      }
    }
    for (const words of panel.querySelectorAll('.perflab-alternative')) {
      const before = words.previousElementSibling;
      const picture = before?.tagName === 'IMG' ? before : before?.querySelector('img');
      if (!picture) continue;
      put(picture, 'alt', words.textContent.trim());
      put(words, 'aria-hidden', 'true');
    }
    // Which has more lines than are seen until it has the focus.
    put(panel.querySelector('.perflab-said'), 'tabindex', '0');
    const status = panel.querySelector('.perflab-status');
    const announced = panel.querySelector('.perflab-announced [role=status]');
    const said = status?.textContent.replace(/\s+/g, ' ').trim() ?? '';
    const words = said.replace(/[\d.,:%]+/g, '');
    if (announced && announced.dataset.words !== words) {
      announced.dataset.words = words;
      announced.textContent = said;
    }
  };
  let waiting = false;
  const all = () => {
    waiting = false;
    document.querySelectorAll('.perflab').forEach(name);
  };
  // Not in the middle of what a user does: nothing of it is seen.
  const idle = window.requestIdleCallback ?? (act => act());
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => idle(all, {timeout: 400}), 100);
  };
  const ofPanel = ({ target, addedNodes }) => target.closest?.('.perflab')
    || [...addedNodes].some(each => each.matches?.('.perflab') || each.querySelector?.('.perflab'));
  new MutationObserver(changes => {
    if (changes.some(ofPanel)) soon();
  }).observe(document.body, {childList: true, subtree: true});
  new MutationObserver(changes => {
    for (const { target } of changes) {
      if (controlOf(target)) sliderText(target, target !== document.activeElement);
    }
  }).observe(document.body, {attributes: true, subtree: true, attributeFilter: ['aria-valuetext']});
  document.addEventListener('click', soon);
  document.addEventListener('keyup', soon);

  const tip = document.createElement('div');
  tip.className = 'perflab-tip';
  tip.setAttribute('role', 'tooltip');
  tip.hidden = true;
  document.body.append(tip);
  const explain = element => {
    const help = helpOf(element);
    if (!help || !element.matches(':focus-visible')) return;
    tip.textContent = help;
    tip.hidden = false;
    const at = element.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - tip.offsetWidth - 8))}px`;
    const below = at.bottom + 6;
    const fits = below + tip.offsetHeight < innerHeight;
    tip.style.top = `${fits ? below : at.top - tip.offsetHeight - 6}px`;
  };
  document.addEventListener('focusin', event => {
    tip.hidden = true;
    if (event.target.closest?.('.perflab')) explain(event.target);
  });
  document.addEventListener('focusout', () => { tip.hidden = true; });
  document.addEventListener('scroll', () => {
    if (!tip.hidden) explain(document.activeElement);
  }, true);
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') tip.hidden = true;
    const tab = event.target.closest?.('.perflab-tab');
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step) return;
    const there = [...tab.parentElement.children].filter(each => each.offsetParent);
    const next = there[(there.indexOf(tab) + step + there.length) % there.length];
    event.preventDefault();
    event.stopPropagation();
    next.focus();
    if (next !== tab) next.click();
  }, true);
}
"""
"""ipywidgets gives pictures no alternative text, sliders no name and no value but their position.
The kernel sends nothing for it: all is on the page already. Where a page runs no script, labels,
the texts below pictures and help under the pointer are there."""


def accessible() -> widgets.Output:
    """Return a widget without a look that has the page name a panel's parts.

    Sliders and fields have their setting's name, sliders their value as it is written; pictures the
    text after them; buttons their state. Focus by the keyboard shows the help that the pointer
    shows. What the status line says is announced when its words change, and not its numbers.
    """
    script = {"output_type": "display_data", "data": {"application/javascript": _LISTEN}}
    heard = widgets.Output(outputs=({**script, "metadata": {}},))
    heard.add_class("perflab-unseen")
    return heard


def announced() -> widgets.HTML:
    """Return the live region into which the page writes what the status line says."""
    region = widgets.HTML("<span role='status'></span>")
    region.add_class("perflab-announced")
    return region
