"""The panel's style sheet; colours follow the notebook's theme where it has one."""

from __future__ import annotations

import ipywidgets as widgets

_RULES = """
.perflab { --pl-ink: var(--jp-ui-font-color1, #222); --pl-quiet: var(--jp-ui-font-color2, #666);
  --pl-line: var(--jp-border-color2, #ddd); --pl-soft: var(--jp-layout-color2, #f5f5f5);
  --pl-bad: #c8420a; --pl-good: #00805c; --pl-blue: #0072b2;
  color: var(--pl-ink); padding: 2px 2px 8px; overflow: hidden; }
.perflab .widget-html-content, .perflab .jupyter-widgets { line-height: 1.45; }
.perflab .widget-html { margin: 0; }
.perflab .widget-html-content { white-space: normal; overflow-wrap: anywhere; }
.perflab-title { font-size: 17px; font-weight: 600; }
.perflab-question { font-size: 13px; color: var(--pl-quiet); margin-left: 10px; font-weight: 400; }
.perflab-line { font-size: 12px; color: var(--pl-quiet); }
.perflab-line b { color: var(--pl-ink); font-weight: 600; }
.perflab-notes { font-size: 12px; color: var(--pl-ink); }
.perflab-notes .widget-html-content > div { padding-left: 8px;
  border-left: 3px solid #e69f00; margin: 1px 0; }
.perflab .jp-OutputArea-output a { font-size: 12px; }
.perflab .jp-OutputArea-output { padding: 0 8px; }
.perflab-bar { border-top: 1px solid var(--pl-line); border-bottom: 1px solid var(--pl-line);
  padding: 5px 0; margin: 5px 0 2px; align-items: center; flex-wrap: wrap; row-gap: 4px; }
.perflab-bar button { border-radius: 4px; font-size: 12px; padding: 0 6px; }
.perflab-bar input[type=text] { font-size: 12px; padding: 3px 6px; }
.perflab-actions { flex-wrap: wrap; margin: 0 0 3px; }
.perflab-actions button { border-radius: 4px; font-size: 12px; height: 25px; line-height: 23px; }
.perflab-gap { border-left: 1px solid var(--pl-line); height: 22px; margin: 0 6px; }
.perflab-status { font-size: 12px; min-height: 20px; padding: 2px 0; }
.perflab-status .now { color: var(--pl-quiet); }
.perflab-status .now::before { content: "\\25CF"; margin-right: 6px; color: #9a9a9a; }
.perflab-status .busy::before { color: #e69f00; }
.perflab-status .live::before { color: var(--pl-bad); }
.perflab-status .exact::before { color: var(--pl-good); }
.perflab-status .remark { color: var(--pl-ink); margin-left: 12px; }
.perflab-status .problem, .perflab-error { color: var(--pl-bad); }
.perflab-status .problem { display: block; font-weight: 600; }
.perflab-error { font-size: 11.5px; margin: -2px 0 2px 2px !important; }
.perflab-controls { border-right: 1px solid var(--pl-line); padding: 2px 12px 0 0; }
.perflab-control { margin: 0 0 5px; overflow: hidden; }
.perflab-control-head { justify-content: space-between; align-items: center; }
.perflab-label { font-size: 12.5px; }
.perflab-label span[title] { cursor: help; }
.perflab-unit { color: var(--pl-quiet); font-size: 11px; margin-left: 3px; }
.perflab-control input[type=text] { font-size: 12px; height: 24px; text-align: right;
  padding: 2px 6px; }
.perflab-control .widget-toggle-button { height: 25px; line-height: 24px; font-size: 12px;
  padding: 0 8px; min-width: 44px; }
.perflab-control .widget-slider { padding: 0 8px; height: 24px; margin: 0; }
.perflab-head { align-items: center; }
.perflab-head .jupyter-widgets.lm-Widget { margin-right: 8px; }
.perflab-control .widget-slider .noUi-connect { background: var(--pl-blue); }
.perflab-caption { font-size: 11px; letter-spacing: .04em; text-transform: uppercase;
  color: var(--pl-quiet); font-weight: 600; margin: 4px 0 2px !important; }
.perflab-picture { background: #fff; border-radius: 4px; }
.perflab .widget-box:has(> .perflab-picture), .perflab .widget-box:has(> .perflab-standing),
.perflab-beside, .perflab .widget-box:has(> .perflab-beside) { overflow: hidden; }
.perflab-beside { align-items: flex-start; flex-wrap: wrap; }
.perflab-standing { font-size: 12px; color: var(--pl-quiet); padding: 0 0 2px 4px; }
.perflab-standing b { color: var(--pl-ink); }
.perflab-chips { flex-wrap: wrap; gap: 2px; margin-bottom: 6px; }
.perflab-chips button { height: 22px; line-height: 20px; font-size: 11.5px; padding: 0 7px;
  border-radius: 4px; margin: 1px; }
.perflab-scroll { overflow-x: auto; }
.perflab-table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums;
  width: 100%; max-width: 800px; }
.perflab-table th, .perflab-table td { text-align: right; padding: 2px 5px !important;
  border-bottom: 1px solid var(--pl-line); white-space: nowrap; overflow-wrap: normal; }
.perflab-table th { color: var(--pl-quiet); font-weight: 600; vertical-align: bottom;
  white-space: normal; }
.perflab-table th:first-child, .perflab-table td:first-child { text-align: left;
  white-space: normal; min-width: 84px; padding-left: 2px !important; }
.perflab-table .off { color: var(--pl-bad); font-weight: 600; }
.perflab-table .on { color: var(--pl-good); }
.perflab-card { border: 1px solid var(--pl-line); border-left: 3px solid #009e73;
  border-radius: 4px; padding: 6px 10px; margin: 2px 0 6px; background: var(--pl-soft); }
.perflab-card button { background: var(--jp-layout-color0, #fff); border-radius: 4px;
  border: 1px solid var(--pl-line); font-size: 12px; height: 24px; line-height: 22px; }
.perflab-picker { border: 1px solid var(--pl-line); border-radius: 4px; padding: 8px 10px;
  margin: 4px 0; background: var(--pl-soft); }
.perflab-alert { align-items: center; font-size: 12px; }
.perflab-alert button { height: 20px; line-height: 18px; width: 22px; padding: 0; }
.perflab-fired { color: #fff; background: var(--pl-bad); border-radius: 3px; padding: 1px 6px;
  font-weight: 600; }
.perflab-armed { color: var(--pl-quiet); padding: 1px 6px; }
"""


def style_sheet() -> widgets.HTML:
    """Return the widget that carries the style sheet."""
    return widgets.HTML(f"<style>{_RULES}</style>", layout=widgets.Layout(display="none"))
