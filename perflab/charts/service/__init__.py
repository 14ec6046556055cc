"""Pictures of a whole service: the chain with its loads, shares of latency, a scenario in time."""

from perflab.charts.service.chain import chain_picture
from perflab.charts.service.shares import share_picture
from perflab.charts.service.sheet import Drawn
from perflab.charts.service.time_line import time_line

__all__ = ["Drawn", "chain_picture", "share_picture", "time_line"]
