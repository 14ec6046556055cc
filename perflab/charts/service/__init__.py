"""Pictures of a whole service: its chain, latency, scenarios, runs, budget and fleet."""

from perflab.charts.service.chain import chain_picture
from perflab.charts.service.curves import budget_picture
from perflab.charts.service.fleet_chart import fleet_picture
from perflab.charts.service.parts_over_time import PartsOverTime, parts_picture
from perflab.charts.service.run_line import run_line
from perflab.charts.service.shares import share_picture
from perflab.charts.service.sheet import Drawn
from perflab.charts.service.time_line import time_line

__all__ = [
    "Drawn",
    "PartsOverTime",
    "budget_picture",
    "chain_picture",
    "fleet_picture",
    "parts_picture",
    "run_line",
    "share_picture",
    "time_line",
]
