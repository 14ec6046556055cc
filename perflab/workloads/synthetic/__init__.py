"""Synthetic workloads: made by a rule, from a seed."""

from perflab.workloads.synthetic.base import Recipe, Synthetic, SyntheticArrivals
from perflab.workloads.synthetic.bursty import Bursty
from perflab.workloads.synthetic.daily import Daily
from perflab.workloads.synthetic.loop import Loop
from perflab.workloads.synthetic.poisson import Poisson
from perflab.workloads.synthetic.scan import Scan
from perflab.workloads.synthetic.shift import Shift
from perflab.workloads.synthetic.steady import Steady
from perflab.workloads.synthetic.uniform import Uniform
from perflab.workloads.synthetic.zipf import Zipf

__all__ = [
    "Bursty",
    "Daily",
    "Loop",
    "Poisson",
    "Recipe",
    "Scan",
    "Shift",
    "Steady",
    "Synthetic",
    "SyntheticArrivals",
    "Uniform",
    "Zipf",
]
