"""Data and checks: what a workload is, and nothing above it."""
