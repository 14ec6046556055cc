"""A gate: do other settings, or another workload, keep limits and a baseline."""
