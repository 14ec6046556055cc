"""Ipywidgets, thin: they show what the rooms before this one return."""
