"""Ipywidgets, thin: they show what the rooms before this one return."""

from perflab.panels.opening import workbench
from perflab.panels.workbench import Workbench

__all__ = ["Workbench", "workbench"]
