"""Plain matplotlib: a result in, axes drawn; panel and report share them."""

from perflab.charts.heat_map import HeatMapAxes, draw_heat_map
from perflab.charts.live import LiveAxes, draw_live
from perflab.charts.marks import Mark, MarkKind
from perflab.charts.over_time import OverTimeAxes, draw_over_time
from perflab.charts.style import chart_row, legend_on_top, place_row
from perflab.charts.what_if import WhatIfAxes, draw_what_if

__all__ = [
    "HeatMapAxes",
    "LiveAxes",
    "Mark",
    "MarkKind",
    "OverTimeAxes",
    "WhatIfAxes",
    "chart_row",
    "draw_heat_map",
    "draw_live",
    "draw_over_time",
    "draw_what_if",
    "legend_on_top",
    "place_row",
]
