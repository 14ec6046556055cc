"""The panel's style sheet; colours follow the notebook's theme where it has one."""

from __future__ import annotations

import ipywidgets as widgets

from perflab.panels.frame import COLUMNS_FROM, CONTROLS, GAP, STACKED_BELOW

_LOOKS = """
.perflab { --pl-ink: var(--jp-ui-font-color1, #222); --pl-quiet: var(--jp-ui-font-color2, #666);
  --pl-line: var(--jp-border-color2, #ddd); --pl-soft: var(--jp-layout-color2, #f5f5f5);
  --pl-bad: #c8420a; --pl-on-bad: #fff; --pl-good: #00805c; --pl-blue: #0072b2;
  color: var(--pl-ink); padding: 2px 0 8px; position: relative; container-type: inline-size;
  container-name: perflab; }
.perflab.widget-box, .perflab .widget-box, .perflab .widget-html, .perflab .widget-html-content {
  overflow: visible; min-width: 0; }
.perflab img.widget-image { margin: 0; flex: 0 0 auto; }
body[data-jp-theme-light="false"] .perflab { --pl-bad: #ff8f66; --pl-on-bad: #111;
  --pl-good: #3fcf9f; --pl-blue: #56b4e9; }
.perflab .widget-html-content, .perflab .jupyter-widgets { line-height: 1.45; }
.perflab .widget-html { margin: 0; }
.perflab .widget-html-content { white-space: normal; overflow-wrap: anywhere; }
.perflab-title { font-size: 17px; font-weight: 600; }
.perflab-question { font-size: 13px; color: var(--pl-quiet); margin-left: 10px; font-weight: 400; }
.perflab-head { align-items: center; }
.perflab-headline-title { flex: 1 1 120px; min-width: 120px !important; }
.perflab .perflab-headline-title .widget-html-content { white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.perflab-head button { height: 24px; line-height: 22px; font-size: 12px; padding: 0 6px;
  border-radius: 4px; }
.perflab-lines, .perflab-lines .widget-html, .perflab-lines .widget-html-content {
  display: inline; }
.perflab-lines details, .perflab-lines summary { display: inline; cursor: pointer; }
.perflab-lines summary { text-decoration: underline dotted; text-underline-offset: 3px; }
.perflab-lines details[open] summary { margin-right: 6px; }
.perflab-lines { display: block; font-size: 12px; line-height: 17px; min-height: 34px; }
.perflab-lines .widget-html + .widget-html::before { content: "\\00B7"; margin: 0 5px;
  color: var(--pl-quiet); }
.perflab-line { font-size: 12px; color: var(--pl-quiet); }
.perflab-line b { color: var(--pl-ink); font-weight: 600; }
.perflab-notes { font-size: 12px; color: var(--pl-ink); }
.perflab-notes .perflab-doubt { padding-left: 8px; border-left: 3px solid #e69f00; margin: 1px 0; }
.perflab-notes .perflab-found { display: inline; color: var(--pl-ink); }
.perflab-found span { color: var(--pl-quiet); }
.perflab-found + .perflab-found::before { content: "\\00B7"; margin: 0 5px;
  color: var(--pl-quiet); }
.perflab .jp-OutputArea-output a { font-size: 12px; }
.perflab .jp-OutputArea-output { padding: 0 8px; }
.perflab-bar { border-top: 1px solid var(--pl-line); border-bottom: 1px solid var(--pl-line);
  padding: 3px 0; margin: 4px 0 2px; align-items: center; flex-wrap: wrap; row-gap: 4px; }
.perflab-bar button { border-radius: 4px; font-size: 12px; padding: 0 6px; }
.perflab-bar input[type=text] { font-size: 12px; padding: 3px 6px; }
.perflab-actions { flex-wrap: wrap; align-items: center; margin: 0 0 3px; }
.perflab-actions button { border-radius: 4px; font-size: 12px; height: 25px; line-height: 23px; }
.perflab-server-state { font-size: 12px; color: var(--pl-quiet); padding: 2px 6px; }
.perflab-gap { border-left: 1px solid var(--pl-line); height: 22px; margin: 0 6px; }
.perflab-status { font-size: 12px; min-height: 20px; padding: 2px 0; }
.perflab-status .now { color: var(--pl-quiet); }
.perflab-status .now::before { content: "\\25CF"; margin-right: 6px; color: #9a9a9a; }
.perflab-status .busy::before { color: #e69f00; }
.perflab-status .live::before { color: var(--pl-bad); }
.perflab-status .held::before { content: "\\25CB"; color: var(--pl-bad); }
.perflab-status .exact::before { color: var(--pl-good); }
.perflab-remarks { font-size: 12px; color: var(--pl-ink); }
.perflab-status .problem, .perflab-error { color: var(--pl-bad); }
.perflab-status .problem { display: block; font-weight: 600; }
.perflab-error { font-size: 11.5px; margin: 0 0 2px 2px !important; flex: 0 1 auto; min-width: 0; }
.perflab-refused { align-items: flex-start; }
.perflab .perflab-refused button { height: 20px; line-height: 18px; width: 24px; padding: 0;
  border-radius: 4px; margin: 1px 2px; }
.perflab .perflab-wrong input, .perflab .perflab-wrong .noUi-handle,
.perflab .perflab-wrong button.mod-active, .perflab .perflab-wrong.jupyter-button {
  border-color: var(--pl-bad) !important; box-shadow: 0 0 0 1px var(--pl-bad); }
.perflab-unseen { display: none; }
.perflab-alternative, .perflab-announced { position: absolute !important; width: 1px !important;
  height: 1px !important; min-width: 0; margin: -1px !important; overflow: hidden !important;
  clip-path: inset(50%); }
.perflab-tip { position: fixed; z-index: 10000; max-width: 320px; padding: 4px 8px;
  font: 12px/1.4 var(--jp-ui-font-family, sans-serif);
  color: var(--jp-ui-inverse-font-color1, #fff);
  background: var(--jp-inverse-layout-color1, #222); border-radius: 4px; pointer-events: none; }
.perflab-meanings { font-size: 12px; color: var(--pl-ink); }
.perflab-meanings summary { cursor: pointer; color: var(--pl-quiet); padding: 4px 0; }
.perflab-meanings h4 { font-size: 12px; margin: 6px 0 2px; }
.perflab-meanings dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px;
  margin: 0; max-width: 800px; }
.perflab .perflab-meanings dt, .perflab .perflab-meanings dd { float: none; width: auto; margin: 0;
  padding: 0; overflow-wrap: normal; }
.perflab .perflab-meanings dt { color: var(--pl-quiet); font-weight: 400; max-width: 150px; }
.perflab-reason { font-size: 11.5px; color: var(--pl-quiet); margin: 1px 0 2px 2px !important; }
.perflab-overruled .perflab-label, .perflab-overruled input, .perflab-overruled button {
  opacity: .45; }
.perflab-overruled .noUi-target { opacity: .35; }
.perflab-overruled .widget-toggle-button.mod-active { box-shadow: none; }
.perflab-control { margin: 0 0 3px; overflow: hidden; }
.perflab-control.perflab-overruled { order: 1; }
.perflab-control-head { justify-content: space-between; align-items: center; }
.perflab-label { font-size: 12.5px; }
.perflab-label [title], .perflab-caption [title], .perflab-line [title],
.perflab-table th[title] { cursor: help; }
.perflab-unit { color: var(--pl-quiet); font-size: 11px; margin-left: 3px; }
.perflab-control input[type=text] { font-size: 12px; height: 24px; text-align: right;
  padding: 2px 6px; }
.perflab-control .widget-toggle-button { height: 25px; line-height: 24px; font-size: 12px;
  padding: 0 8px; min-width: 44px; }
.perflab-control .widget-slider { padding: 0 8px; height: 22px; margin: 0; }
.perflab-control .widget-html, .perflab-control .widget-text, .perflab-control-head {
  margin: 0; min-height: 0; }
.perflab-control .widget-slider .noUi-connect { background: var(--pl-blue); }
.perflab-caption { font-size: 11px; letter-spacing: .04em; text-transform: uppercase;
  color: var(--pl-quiet); font-weight: 600; margin: 4px 0 2px !important; }
.perflab-picture { border-radius: 4px; }
.perflab-headline { margin-top: 4px; }
.perflab-pictured > :not(img):not(.perflab-pointer) { display: none; }
.perflab-history .widget-hbox { align-items: center; gap: 6px; overflow: hidden; }
.perflab-history .perflab-tried { flex: 1 1 auto; width: auto; min-width: 0; height: auto;
  font-variant-numeric: tabular-nums; }
.perflab-history .perflab-tried .widget-label-basic { white-space: normal; line-height: 1.35; }
.perflab-history button { flex: 0 0 auto; }
.perflab-history .perflab-present { font-weight: 600; }
.perflab-history-buttons { gap: 6px; flex-wrap: wrap; }
.perflab-reopened { align-items: center; gap: 8px; }
.perflab-standing { font-size: 12px; color: var(--pl-quiet); padding: 0 0 2px 4px; }
.perflab-standing b, .perflab-judged { color: var(--pl-ink); }
.perflab-chips { flex-wrap: wrap; gap: 2px; margin-bottom: 6px; }
.perflab-chips button { height: 22px; line-height: 20px; font-size: 11.5px; padding: 0 7px;
  border-radius: 4px; margin: 1px; }
.perflab-scroll { overflow-x: auto; }
.perflab-table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums;
  width: 100%; max-width: 800px; }
.perflab-table th, .perflab-table td { text-align: right; padding: 1px 5px !important;
  border-bottom: 1px solid var(--pl-line); white-space: nowrap; overflow-wrap: normal; }
.perflab-table th { color: var(--pl-quiet); font-weight: 600; vertical-align: bottom;
  white-space: normal; }
.perflab-table th:first-child, .perflab-table td:first-child { text-align: left;
  white-space: normal; min-width: 90px; padding-left: 2px !important; }
.perflab-table th[scope=row] { color: var(--pl-ink); font-weight: 400; vertical-align: baseline; }
.perflab-table .off { color: var(--pl-bad); font-weight: 600; }
.perflab-table .on { color: var(--pl-good); }
.perflab-table .unsure, .perflab-table small { color: var(--pl-quiet); }
.perflab-table small { font-size: 11px; }
.perflab-table.perflab-of-stages { max-width: 100%; width: auto; margin-bottom: 6px; }
.perflab-of-stages th, .perflab-of-stages td:has(small) { white-space: normal; }
.perflab-of-stages td { vertical-align: baseline; }
.perflab-table.perflab-tight .off { white-space: normal; }
.perflab-pasted { margin-left: 14px; }
.perflab-pasting summary { cursor: pointer; font-size: 12px; padding: 2px 0; }
.perflab-table.perflab-tight th:first-child { min-width: 50px; }
.perflab-of-service { display: block; }
.perflab .perflab-table th.perflab-group { font-weight: 600; padding-top: 6px !important; }
.perflab-table .perflab-chosen th, .perflab-table .perflab-chosen td { font-weight: 600;
  color: var(--pl-ink); }
.perflab-copied summary { cursor: pointer; font-size: 12px; padding: 2px 0; }
.perflab .perflab-copied pre { font-size: 11.5px; line-height: 1.4; overflow-x: auto;
  margin: 0 0 6px; padding: 6px 8px; background: var(--pl-soft); color: var(--pl-ink);
  border-radius: 4px; white-space: pre; }
.perflab span.perflab-copied pre { position: absolute; width: 1px; height: 1px; padding: 0;
  overflow: hidden; clip-path: inset(50%); }
.perflab .perflab-copy { display: none; }
.perflab-copies .perflab .perflab-copy { display: inline-block; height: 26px; padding: 0 8px;
  margin: 2px; font: 12px var(--jp-ui-font-family, sans-serif); cursor: pointer;
  color: var(--pl-ink); background: var(--pl-soft); border: 1px solid var(--pl-line);
  border-radius: 4px; }
.perflab-verdict { font-size: 12.5px; padding: 2px 0 4px; }
.perflab-verdict .on { color: var(--pl-good); }
.perflab-verdict .off { color: var(--pl-bad); }
.perflab-scenario input[type=text] { font-size: 12px; height: 25px; padding: 2px 6px; }
.perflab-card { border: 1px solid var(--pl-line); border-left: 3px solid #009e73;
  border-radius: 4px; padding: 6px 10px; margin: 2px 0 6px; background: var(--pl-soft); }
.perflab-card button { background: var(--jp-layout-color0, #fff); border-radius: 4px;
  border: 1px solid var(--pl-line); font-size: 12px; height: 24px; line-height: 22px; }
.perflab-picker { border: 1px solid var(--pl-line); border-radius: 4px; padding: 8px 10px;
  margin: 4px 0; background: var(--pl-soft); }
.perflab-picker button { background: var(--jp-layout-color0, #fff); color: var(--pl-ink);
  border: 1px solid var(--pl-line); border-radius: 4px; font-size: 12px; padding: 0 8px; }
.perflab-picker button.mod-active { border-color: var(--pl-blue); font-weight: 600;
  box-shadow: inset 0 0 0 1px var(--pl-blue); }
.perflab-picker .widget-label { width: auto; min-width: 48px; text-align: left; }
.perflab-picker, .perflab-card { --pl-quiet: #5c5c5c; }
body[data-jp-theme-light="false"] :is(.perflab-picker, .perflab-card) { --pl-quiet: #bdbdbd; }
.perflab-new-alert input[type=text] { font-size: 11.5px; padding: 2px 5px; }
.perflab-new-alert button { padding: 0; }
.perflab-alert { align-items: center; font-size: 12px; }
.perflab-alert button { height: 20px; line-height: 18px; width: 22px; padding: 0; }
.perflab-fired { color: var(--pl-on-bad); background: var(--pl-bad); border-radius: 3px;
  padding: 1px 6px; font-weight: 600; }
.perflab-alarm { color: var(--pl-on-bad); background: var(--pl-bad); border-radius: 3px;
  padding: 0 8px; margin: 0 6px !important; font-size: 12.5px; flex: 0 1 auto;
  line-height: 24px; height: 24px; }
.perflab .perflab-alarm .widget-html-content { white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; line-height: 24px; }
.perflab-armed { color: var(--pl-quiet); padding: 1px 6px; }
"""


_RESTING = ".perflab-said:not(:hover, :focus-within, :has(.problem))"
"""Messages that show what they have room for, and an ellipsis where that is not all."""
_OTHERS = ":is(.perflab-known > *, .perflab-messages > .widget-hbox):not([style*='display: none'])"
"""What stands beside the status line or below it."""

_PLACES = f"""
.jp-OutputArea-child:has(> .jp-OutputArea-output > .perflab),
.jp-OutputArea-child:has(> .perflab), .jp-OutputArea-output:has(> .perflab),
.jp-OutputArea-output.perflab {{ overflow: visible; }}
.jp-Notebook .jp-CodeCell:not(.jp-mod-outputsScrolled) .jp-Cell-outputArea:has(
  > .jp-OutputArea-child > .perflab, > .jp-OutputArea-child > .jp-OutputArea-output > .perflab) {{
  overflow: visible; }}
.perflab-body {{ display: grid; grid-template: auto 1fr / {CONTROLS}px minmax(0, 1fr);
  column-gap: {GAP}px; align-items: start; }}
.perflab-controls {{ grid-row: 1 / span 2; position: sticky; top: 4px;
  max-height: calc(100vh - 130px); overflow: hidden auto !important; scrollbar-width: thin;
  border-right: 1px solid var(--pl-line); padding: 2px 10px 0 0; }}
.perflab-main, .perflab-below {{ grid-column: 2; }}
.perflab-section {{ border-bottom: 1px solid var(--pl-line); padding: 0 0 3px; margin: 0 0 3px; }}
.perflab-section:last-child {{ border-bottom: 0; }}
.perflab-folded > :last-child {{ display: none; }}
.perflab .perflab-fold {{ text-align: left; background: none; border: 0; box-shadow: none;
  height: 22px; line-height: 22px; padding: 0; margin: 0; font-size: 11px; font-weight: 600;
  letter-spacing: .04em; text-transform: uppercase; color: var(--pl-quiet); }}
.perflab .perflab-fold:focus-visible, .perflab .perflab-tab:focus-visible,
.perflab .perflab-enlarge:focus-visible {{ outline: 2px solid var(--pl-blue);
  outline-offset: -2px; }}
.perflab .perflab-fold i {{ width: 12px; }}
.perflab-top {{ position: relative; z-index: 8; }}
.perflab-over {{ position: absolute !important; top: 100%; left: 0; right: 0; }}
.perflab-over > .widget-box {{ box-shadow: 0 3px 10px rgb(0 0 0 / 25%); }}
.perflab-messages {{ flex-wrap: wrap; column-gap: 14px; align-items: center; }}
.perflab .perflab-said-room {{ height: 57px; position: relative; z-index: 4; }}
.perflab .perflab-said {{ max-height: 57px; flex: 0 0 auto; overflow: hidden;
  border-radius: 0 0 4px 4px; background: var(--jp-layout-color0, #fff); }}
.perflab .perflab-said:hover, .perflab .perflab-said:focus-within,
.perflab .perflab-said:has(.problem) {{ max-height: none;
  box-shadow: 0 4px 6px -4px rgb(0 0 0 / 40%); }}
{_RESTING} .perflab-messages {{ flex-wrap: nowrap; }}
{_RESTING} .perflab-messages .widget-html-content {{ display: -webkit-box;
  -webkit-box-orient: vertical; -webkit-line-clamp: 1; overflow: hidden; }}
{_RESTING}:not(:has({_OTHERS})) .perflab-status .widget-html-content {{ -webkit-line-clamp: 3; }}
.perflab-messages > .widget-hbox {{ flex-shrink: 9; min-width: min-content; }}
.perflab-messages > .widget-hbox > .widget-html {{ min-width: 140px; }}
.perflab-messages > .widget-hbox > :not(.widget-html) {{ flex: none; white-space: nowrap; }}
.perflab .perflab-known {{ display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2; overflow: hidden; }}
.perflab-known .perflab-standing {{ padding: 0; }}
.perflab-known .widget-html, .perflab-known .widget-html-content {{ display: block; }}
.perflab .perflab-said:hover .perflab-known, .perflab .perflab-said:focus-within .perflab-known {{
  display: block; }}
.perflab-main > .widget-box {{ margin: 0; }}
.perflab-enlarging {{ position: relative; }}
.perflab .perflab-enlarge {{ position: absolute; padding: 0; margin: 0; opacity: .55;
  font-size: 11px; line-height: 20px; background: var(--jp-layout-color0, #fff);
  color: var(--pl-ink); border: 0; box-shadow: none; }}
.perflab .perflab-enlarge:hover, .perflab .perflab-enlarge:focus-visible,
.perflab .perflab-enlarge.mod-active {{ opacity: 1; }}
.perflab-tabs {{ border-bottom: 1px solid var(--pl-line); margin: 6px 0 6px; flex-wrap: wrap; }}
.perflab .perflab-tab {{ background: none; border: 0; box-shadow: none; height: 26px;
  line-height: 24px; font-size: 12.5px; padding: 0 7px; margin: 0; color: var(--pl-quiet);
  border-bottom: 2px solid transparent; }}
.perflab .perflab-tab.mod-active {{ color: var(--pl-ink); border-bottom-color: var(--pl-blue);
  font-weight: 600; }}
.perflab-tab-body {{ flex-wrap: wrap; gap: 6px {GAP}px; align-items: flex-start; }}
.perflab-tab-panel:has(.perflab-all-numbers), .perflab-tab-panel:has(.perflab-card),
.perflab-tab-panel:has(.perflab-of-service) {{
  flex: 1 1 100%; }}
.perflab-tab-title {{ display: none; }}
.perflab-pictures {{ flex-wrap: wrap; gap: {GAP}px; }}
@container perflab (max-width: {COLUMNS_FROM - 0.01}px) {{
  .perflab-all-numbers, .perflab-all-numbers table {{ font-size: 11px; }}
  .perflab-all-numbers th, .perflab-all-numbers td {{ padding: 1px 3px !important; }}
  .perflab-all-numbers th {{ min-width: 42px; }}
}}
@container perflab (min-width: {COLUMNS_FROM}px) {{
  .perflab-tab-title {{ display: block; }}
}}
@container perflab (max-width: {STACKED_BELOW - 0.01}px) {{
  .perflab-body {{ display: flex; flex-direction: column; align-items: stretch; }}
  .perflab-controls {{ order: 1; position: static; max-height: none; border-right: 0;
    padding: 6px 0 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr));
    column-gap: 20px; align-items: start; }}
  .perflab-below {{ order: 2; }}
  .perflab-question, .perflab-gap {{ display: none; }}
  .perflab-lines {{ min-height: 51px; }}
}}
"""


def style_sheet() -> widgets.HTML:
    """Return the widget that carries the style sheet."""
    shown = f"<style>{_LOOKS}{_PLACES}</style>"
    return widgets.HTML(shown, layout=widgets.Layout(display="none"))
