"""Synthetic workloads: made by a rule, from a seed."""

from perflab.workloads.synthetic.base import Synthetic
from perflab.workloads.synthetic.daily import Daily
from perflab.workloads.synthetic.loop import Loop
from perflab.workloads.synthetic.scan import Scan
from perflab.workloads.synthetic.shift import Shift
from perflab.workloads.synthetic.uniform import Uniform
from perflab.workloads.synthetic.zipf import Zipf

__all__ = ["Daily", "Loop", "Scan", "Shift", "Synthetic", "Uniform", "Zipf"]
