"""Sweeps, recommendations and comparisons."""
