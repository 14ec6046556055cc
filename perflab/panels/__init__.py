"""Ipywidgets, thin: they show what the rooms before this one return."""

from perflab.panels.workbench import Workbench, workbench

__all__ = ["Workbench", "workbench"]
