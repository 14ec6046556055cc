"""Samples of keys, random draws, and the quantiles of what was sampled."""
